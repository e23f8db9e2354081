import { markDisposed, type Tensor } from '../graph/tensor.js'
import { disownBuffers } from './owned-buffers.js'

/** Frees a tensor's memory once the work asked for so far is done; ops on it throw from now on. */
export function disposeTensor({ node }: Tensor): void {
  if (!markDisposed(node) || node.source.kind === 'state') return
  for (const storage of disownBuffers(node)) storage.device.release(storage)
}
