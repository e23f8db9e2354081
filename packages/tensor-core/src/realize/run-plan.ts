import type { Backend, BufferHandle, Executable } from '../backends/backend.js'
import type { Device } from '../device.js'
import { DeviceError, UseAfterDisposeError } from '../errors.js'
import type { DeviceStorage, Storage } from '../graph/storage.js'
import type { Tensor } from '../graph/tensor.js'
import type { TensorSpec } from '../ops/op-record.js'
import type { Binding, Plan } from '../schedule/plan.js'
import type { Slot } from '../schedule/program.js'
import type { State } from '../state/state.js'
import { deviceBytes, toDeviceLayout } from './device-bytes.js'
import { liveBuffer } from './live-buffer.js'

/** Outputs up to this many bytes come back to the host at once and hold no device memory. */
export const HOST_COPY_BYTES = 4096

export interface RunOptions {
  /** Storage of a placeholder or other leaf; default: the node's own. */
  storageOf?(binding: Extract<Binding, { kind: 'leaf' }>): Storage | undefined
  /** Keeps what is uploaded of host values that the program has captured: it is the same in every run. */
  readonly uploads?: Map<Storage, BufferHandle>
  /** Called just before the program starts: from here on a failure loses the States it writes. */
  started?(): void
}

/** Binds buffers, runs a loaded plan and returns the outputs' storages. Frees everything it made if the run fails. */
export async function runPlan(
  device: Device,
  backend: Backend,
  { program, bindings }: Plan,
  executable: Executable,
  outputs: readonly Tensor[],
  options: RunOptions = {},
): Promise<Storage[]> {
  const { floatBytes } = backend.limits
  const slots = program.slots.filter((slot) => slot.role === 'bound')
  const transient: BufferHandle[] = []
  const made: BufferHandle[] = []
  /** With the storage that they had before: none, or one of a backend that is gone. */
  const newStates = new Map<State, DeviceStorage | undefined>()
  const results = new Array<BufferHandle>(outputs.length)

  const bind = (binding: Binding, slot: Slot): BufferHandle => {
    const bytes = deviceBytes(slot.dtype, slot.size, floatBytes)
    if (binding.kind === 'output') {
      const buffer = backend.alloc(bytes)
      made.push(buffer)
      results[binding.index] = buffer
      return buffer
    }
    if (binding.kind === 'state') {
      const { state } = binding
      // What a program reads of a State was checked before; here it is only written.
      if (state.storage?.backend !== backend) {
        const buffer = backend.alloc(bytes)
        newStates.set(state, state.storage)
        state.storage = { kind: 'device', device, backend, buffer }
      }
      return state.storage.buffer
    }
    const given = options.storageOf?.(binding)
    const storage = given ?? binding.node.storage[binding.index]
    if (storage === undefined) {
      throw (
        binding.node.failure ??
        new UseAfterDisposeError(
          binding.node.label,
          'a value that is still there',
          'one that was disposed or overwritten',
        )
      )
    }
    if (storage.kind === 'device') {
      if (storage.device !== device) {
        throw new DeviceError(
          binding.node.label,
          `a tensor on ${device.name}`,
          `one on ${storage.device.name}`,
          'Move it with .to(device).',
        )
      }
      return liveBuffer(storage, backend, binding.node.label, binding.node.outputs[binding.index] as TensorSpec)
    }
    const uploads = given ? undefined : options.uploads
    const known = uploads?.get(storage)
    if (known) return known
    const buffer = backend.alloc(bytes)
    if (uploads) uploads.set(storage, buffer)
    else transient.push(buffer)
    backend.write(buffer, toDeviceLayout(storage.bytes, slot.dtype, storage.floatBytes, floatBytes))
    return buffer
  }

  try {
    const buffers = bindings.map((binding, i) => bind(binding, slots[i] as Slot))
    options.started?.()
    await backend.run(executable, buffers)
    newStates.clear()
    const storages: Storage[] = []
    for (const [index, tensor] of outputs.entries()) {
      const buffer = results[index] as BufferHandle
      const bytes = deviceBytes(tensor.dtype, tensor.size, floatBytes)
      if (bytes > HOST_COPY_BYTES) {
        storages.push({ kind: 'device', device, backend, buffer })
        made.splice(made.indexOf(buffer), 1)
      } else storages.push({ kind: 'host', bytes: await backend.read(buffer, 0, bytes), floatBytes })
    }
    return storages
  } finally {
    for (const buffer of [...transient, ...made]) backend.free(buffer)
    for (const [state, before] of newStates) {
      backend.free((state.storage as DeviceStorage).buffer)
      state.storage = before
    }
  }
}
