import type { BackendMemory } from './backends/backend.js'
import { currentDevice } from './default-device.js'
import type { Device } from './device.js'

/** What a device holds now, once the work asked for so far is done: buffers, bytes, the arena
 * of the plans and the most of it that is ever in use at once, compiled kernels. */
export function memory(device: Device = currentDevice()): Promise<BackendMemory> {
  return device.enqueue('memory', async (backend) => backend.memory())
}
