import type { Backend, BufferHandle } from '../backends/backend.js'
import { DeviceLostError } from '../errors.js'
import type { DeviceStorage } from '../graph/storage.js'
import type { TensorSpec } from '../ops/op-record.js'
import { formatShape } from '../shape.js'

/** The buffer of a value on `backend`. Throws DeviceLostError if it lay on one that the device has lost since. */
export function liveBuffer(
  storage: DeviceStorage,
  backend: Backend,
  label: string,
  { shape }: TensorSpec,
): BufferHandle {
  if (storage.backend === backend) return storage.buffer
  throw new DeviceLostError(
    label,
    'a tensor whose memory is there',
    `one of shape ${formatShape(shape)} that was lost with ${storage.device.name}`,
    'Make it again, or load it again from where it came.',
  )
}
