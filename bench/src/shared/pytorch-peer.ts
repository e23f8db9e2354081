import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

/** The peer's script, which is no part of this repository. */
const SCRIPT = resolve(process.cwd(), '../shared/bench/pytorch_peer.py')
const PYTHON = '/usr/bin/python3'

export type PeerRow = Record<string, string | number>

/** Rows of one run of the PyTorch peer, or why there are none. `environment` chooses its BLAS and threads. */
export function runPyTorch(
  bench: 'gemm' | 'train',
  threads: number,
  environment: Record<string, string> = {},
): PeerRow[] | string {
  if (!existsSync(SCRIPT)) return 'no peer script beside the repository'
  const run = spawnSync(PYTHON, [SCRIPT, bench, '--threads', `${threads}`], {
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, ...environment },
  })
  if (run.status !== 0) return `the peer failed: ${(run.stderr ?? '').trim().split('\n').at(-1) || run.error?.message}`
  return run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PeerRow)
}
