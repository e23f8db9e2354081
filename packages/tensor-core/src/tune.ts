import type { TuneOptions } from './backends/webgpu/tuning/tune-kernels.js'
import type { Tuning } from './backends/webgpu/tuning/tuning.js'
import { currentDevice } from './default-device.js'
import type { Device } from './device.js'
import { BackendError } from './errors.js'

/**
 * Times the configurations of a webgpu device's kernels on this GPU and says which is fastest: some seconds to a minute, in
 * which the device does nothing else (so not inside `profile`). The result is plain JSON that holds for this adapter; it
 * changes nothing until a device is opened with it: `webgpuDevice({ tuning })`. Where to keep it is the caller's choice.
 * @throws BackendError where the device has nothing to tune
 */
export function tune({
  device = currentDevice(),
  ...options
}: TuneOptions & { readonly device?: Device } = {}): Promise<Tuning> {
  return device.enqueue('tune', async (backend) => {
    if (backend.tune) return backend.tune(options)
    throw new BackendError('tune', 'a webgpu device', device.name, 'Only webgpu has kernels in several configurations.')
  })
}
