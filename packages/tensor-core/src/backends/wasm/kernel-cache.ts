import type { LaunchPass } from '../../codegen/launch-pass.js'
import { type EmitWasmOptions, emitWasm } from '../../kernel/emit-wasm.js'
import { buildKernel, type KernelTarget } from '../../kernel/kernel-builder.js'
import { compileModules } from './compile-modules.js'
import type { Runner } from './runner.js'

export const WASM_TARGET: KernelTarget = { name: 'wasm', vectorLanes: 4 }

/** Compiled kernels by structural key, shared by all programs. */
export interface KernelCache {
  /** Compiles what is not compiled yet and gives every pass its place in the threads' tables. */
  compile(passes: readonly LaunchPass[]): Promise<number[]>
  readonly compiled: number
}

export function createKernelCache(runner: Runner, options: EmitWasmOptions): KernelCache {
  const places = new Map<string, number>()
  return {
    async compile(passes) {
      const missing = new Map<string, LaunchPass>()
      for (const pass of passes) if (!places.has(pass.key)) missing.set(pass.key, pass)
      const modules = await compileModules(
        [...missing.values()].map((pass) =>
          emitWasm(
            buildKernel(pass.name, WASM_TARGET, (k) => pass.build(k)),
            options,
          ),
        ),
      )
      if (modules.length > 0) {
        // Places are given after the last wait before the table is filled: another load may have come in between.
        const list = modules.map((module, i) => ({ index: places.size + i, module }))
        ;[...missing.keys()].forEach((key, i) => {
          places.set(key, (list[i] as { index: number }).index)
        })
        await runner.install(list)
      }
      return passes.map((pass) => places.get(pass.key) as number)
    },
    get compiled() {
      return places.size
    },
  }
}
