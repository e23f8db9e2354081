import { exactMinimumsCode, quickMinimumsCode } from './minimums-code.js'
import { sha1Code } from './sha1-code.js'
import { assembleModule } from './wasm-assembler.js'
import { wordStartsCode } from './word-starts-code.js'
import { xxhash64Code, xxhashRunsCode } from './xxhash64-code.js'

/** The WebAssembly functions of this folder, each described where its code is written. Addresses are in `memory`. */
export interface HashModule {
  readonly memory: WebAssembly.Memory
  sha1(text: number, starts: number, count: number, size: number, out: number): void
  xxhash(text: number, starts: number, count: number, size: number, out: number): void
  xxhash64(address: number, length: number): bigint
  minimums(hashes: number, count: number, a: number, b: number, out: number, functions: number): void
  lowMinimums(hashes: number, count: number, a: number, b: number, out: number, functions: number): void
  wordStarts(text: number, length: number, starts: number): number
}

let compiled: Promise<WebAssembly.Module> | undefined

/** A new instance, with memory of its own. */
export async function hashModule(): Promise<HashModule> {
  compiled ??= WebAssembly.compile(
    assembleModule(
      {
        // Called by its number, 0.
        xxhash64: xxhash64Code(),
        xxhash: xxhashRunsCode(0),
        quickMinimums: quickMinimumsCode(),
        exactMinimums: exactMinimumsCode(),
        lowMinimums: exactMinimumsCode({ low: true }),
        sha1: sha1Code(),
        wordStarts: wordStartsCode(),
      },
      4,
    ),
  )
  const { exports } = await WebAssembly.instantiate(await compiled)
  const functions = exports as unknown as HashModule & {
    quickMinimums(...args: Parameters<HashModule['minimums']>): number
    exactMinimums(...args: Parameters<HashModule['minimums']>): void
  }
  return {
    ...functions,
    minimums(...args) {
      if (functions.quickMinimums(...args)) functions.exactMinimums(...args)
    },
  }
}
