import { resolve } from 'node:path'
import { PeerError } from './bench-error.js'
import { type LineProcess, startLineProcess } from './line-process.js'
import { PEERS } from './peer-packages.js'

/** bench/peers/pytorch-gpu.py by the `python3` of the path. Rejects with PeerError where it has no PyTorch or no GPU. */
export async function startPyTorchGpu(): Promise<LineProcess> {
  try {
    return await startLineProcess('python3', [resolve(PEERS, 'pytorch-gpu.py')])
  } catch (error) {
    const hint = 'To compare, install PyTorch for this GPU: python3 -m pip install torch.'
    throw new PeerError('PyTorch', 'python3 to import torch and find a GPU', (error as Error).message, hint)
  }
}
