import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Figures } from '../measured/workload.js'
import { PeerError } from './bench-error.js'
import { type GgufFormat, type GgufShape, writeGgufModel } from './gguf-model.js'
import { needPeerPackage, PEERS } from './peer-packages.js'

/** llama.cpp on the same shape; `run` is one process of its own: prefill, decode, residentMiB. It throws PeerError. */
export function llamaCpp(shape: GgufShape, format: GgufFormat, tokens: { prefill: number; decode: number }) {
  const folder = mkdtempSync(join(tmpdir(), 'almanac-bench-'))
  const file = join(folder, `model-${format}.gguf`)
  writeGgufModel(file, shape, format)
  return {
    run(threads: number): Figures {
      for (const name of ['koffi', '@node-llama-cpp/linux-x64']) needPeerPackage(name)
      const args = [resolve(PEERS, 'llama-cpp.mjs'), file, threads, tokens.prefill, tokens.decode, shape.vocabSize]
      const options = { encoding: 'utf8', timeout: 300_000 } as const
      const { status, stdout, stderr } = spawnSync(process.execPath, args.map(String), options)
      if (status === 0) return JSON.parse(stdout) as Figures
      const reason = stderr.trim().split('\n').at(-1) ?? `exit code ${status}`
      throw new PeerError('llama.cpp', 'it to run', reason, 'Run "npm install --prefix bench/peers" again.')
    },
    close: () => rmSync(folder, { recursive: true }),
  }
}
