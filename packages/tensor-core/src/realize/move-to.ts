import { tensorFromBytes } from '../create.js'
import type { Device } from '../device.js'
import type { Tensor } from '../graph/tensor.js'
import { readBytes } from './read-data.js'

/** A copy of a tensor for another device, by way of the host. */
export async function moveTo(tensor: Tensor, device: Device): Promise<Tensor> {
  return tensorFromBytes(await readBytes(tensor), tensor.shape, tensor.dtype, device)
}
