import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type GgufFormat, type GgufShape, writeGgufModel } from './gguf-model.js'

export interface LlamaCppRow {
  readonly prefill: number
  readonly decode: number
  readonly residentMiB: number
}

const SCRIPT = resolve(process.cwd(), 'bench/peers/llama-cpp.mjs')

/** llama.cpp on the same shape; `run` is one process of its own, or says why there is none. */
export function llamaCpp(shape: GgufShape, format: GgufFormat, tokens: { prefill: number; decode: number }) {
  const folder = mkdtempSync(join(tmpdir(), 'almanac-bench-'))
  const file = join(folder, `model-${format}.gguf`)
  writeGgufModel(file, shape, format)
  return {
    run(threads: number): LlamaCppRow | string {
      if (!existsSync(resolve(process.cwd(), 'bench/peers/node_modules/koffi'))) {
        return 'not installed: npm install --prefix bench/peers'
      }
      const args = [SCRIPT, file, threads, tokens.prefill, tokens.decode, shape.vocabSize].map(String)
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 300_000 })
      if (status !== 0) return `the peer failed: ${stderr.trim().split('\n').at(-1)}`
      return JSON.parse(stdout) as LlamaCppRow
    },
    close: () => rmSync(folder, { recursive: true }),
  }
}
