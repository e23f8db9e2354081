import { spawnSync } from 'node:child_process'
import { totalmem } from 'node:os'

/** Of what is free, left to the driver and to whoever draws the screen. */
const MARGIN = 0.9
/** Where nobody tells: most GPUs that train have it. */
const UNKNOWN_BYTES = 6 * 2 ** 30

export interface GpuMemory {
  readonly bytes: number
  /** How that is known. */
  readonly source: string
}

/** How much GPU memory may be taken: what --memory says, else what the driver's tool says is free. WebGPU tells nothing. */
export function gpuMemory(gibibytes: number | undefined, software: boolean): GpuMemory {
  if (gibibytes !== undefined) return { bytes: gibibytes * 2 ** 30, source: '--memory' }
  if (software) return { bytes: totalmem() / 4, source: "a quarter of the machine's, for the adapter is software" }
  const query = ['--query-gpu=memory.free', '--format=csv,noheader,nounits']
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8' })
  // Of several GPUs the least: which one WebGPU takes is not known.
  const mebibytes = Math.min(...(stdout ?? '').trim().split('\n').map(Number))
  if (status === 0 && mebibytes > 0) return { bytes: MARGIN * mebibytes * 2 ** 20, source: 'nvidia-smi, free' }
  return { bytes: UNKNOWN_BYTES, source: 'a guess; --memory says it' }
}
