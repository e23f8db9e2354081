import type { BufferHandle } from '../backends/backend.js'
import { bumpModuleEpoch } from '../compile/module-epoch.js'
import type { Device } from '../device.js'
import { DeviceError } from '../errors.js'
import type { DeviceStorage } from '../graph/storage.js'
import { deviceBytes, toDeviceLayout } from '../realize/device-bytes.js'
import { liveBuffer } from '../realize/live-buffer.js'
import { afterRealize, refuseInTrace } from '../realize/realize.js'
import { sizeOf } from '../shape.js'
import type { State } from './state.js'

/**
 * Puts cells on another device, by way of the host, one at a time; the cells stay the same objects, so what shares one goes on
 * sharing it. Values keep their bytes (packed formats too); only a float64 cpu device rounds or widens them. Either all move
 * or, after an error, none. A lazy tensor that reads an old place throws DeviceError when it is asked for.
 * @throws DeviceError if a cell is assigned while it moves
 */
export async function moveStates(
  states: Iterable<readonly [name: string, state: State]>,
  device: Device,
): Promise<void> {
  refuseInTrace('to')
  const moving = [...new Set([...states].map(([, state]) => state))].filter((state) => state.device !== device)
  const versions = moving.map(({ version }) => version)
  const placed: (DeviceStorage | undefined)[] = []
  try {
    // A cell that was never assigned holds nothing: it only changes its device.
    for (const state of moving) placed.push(state.version > 0 ? await copyTo(state, device) : undefined)
    const changed = moving.find((state, i) => state.version !== versions[i])
    if (changed) {
      const hint = 'Await the move before the next step.'
      throw new DeviceError(`move ${changed.name}`, 'no assign while it moves', 'one that came meanwhile', hint)
    }
  } catch (error) {
    for (const storage of placed) if (storage) device.release(storage)
    throw error
  }
  moving.forEach((state, i) => {
    const { device: source, storage } = state
    state.moveTo(device, placed[i])
    if (storage) source.release(storage)
  })
  // Compiled functions have the old places in their programs.
  bumpModuleEpoch()
}

async function copyTo(state: State, device: Device): Promise<DeviceStorage> {
  const { name, dtype, shape, value } = state
  const size = sizeOf(shape)
  const { bytes, floatBytes } = await afterRealize([value], {}, async (backend) => {
    const { floatBytes } = backend.limits
    const buffer = liveBuffer(state.storage as DeviceStorage, backend, `read ${name}`, state)
    return { bytes: await backend.read(buffer, 0, deviceBytes(dtype, size, floatBytes)), floatBytes }
  })
  return device.enqueue(`move ${name}`, async (backend) => {
    const buffer: BufferHandle = backend.alloc(deviceBytes(dtype, size, backend.limits.floatBytes))
    try {
      backend.write(buffer, toDeviceLayout(bytes, dtype, floatBytes, backend.limits.floatBytes))
    } catch (error) {
      backend.free(buffer)
      throw error
    }
    return { kind: 'device', device, backend, buffer }
  })
}
