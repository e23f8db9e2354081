import { type MatmulPassOptions, matmulPasses } from '../../src/backends/wasm/gemm/matmul-passes.js'
import { bytesPerElement, dtypeName, type ScalarDType } from '../../src/dtype.js'
import { emitWasm, LOWEST_ADDRESS } from '../../src/kernel/emit-wasm.js'
import { buildKernel } from '../../src/kernel/kernel-builder.js'
import { contiguousView, type View } from '../../src/view.js'
import { RELAXED, WASM } from '../kernel/run-kernel.js'

export interface MatmulInput {
  readonly dtype: ScalarDType
  readonly view: View
  readonly bytes: Uint8Array
}

export interface MatmulRun {
  readonly output: Uint8Array
  /** Names of the passes that ran, without their tile. */
  readonly passes: readonly string[]
}

const PAGES = 4096
const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES })
const kernels = new Map<string, (args: number, worker: number, workers: number) => void>()

/** Runs a product's passes in one memory, the workers of each one after another. Checks that only the output changes. */
export function runMatmul(
  inputs: readonly [MatmulInput, MatmulInput],
  shape: readonly number[],
  output: ScalarDType,
  {
    workers = 1,
    relaxedSimd = RELAXED,
    ...options
  }: MatmulPassOptions & { workers?: number; relaxedSimd?: boolean } = {},
): MatmulRun {
  const view = contiguousView(shape)
  const launch = { inputs, outputs: [{ dtype: output, view }], attributes: undefined }
  const passes = matmulPasses(launch, { fusedMultiplyAdd: relaxedSimd, ...options })
  const bytes = new Uint8Array(memory.buffer)
  let top = LOWEST_ADDRESS + 4096
  const place = (size: number): number => {
    const address = top
    top = Math.ceil((top + size) / 64) * 64 + 64
    if (top > bytes.length) throw new Error(`${size} bytes do not fit the test's memory`)
    return address
  }
  const addresses = inputs.map((input) => {
    const address = place(input.bytes.length)
    bytes.set(input.bytes, address)
    return address
  })
  const outputBytes = shape.reduce((all, extent) => all * extent, bytesPerElement(output))
  const outputAddress = place(outputBytes)
  bytes.fill(0xa5, outputAddress - 64, outputAddress + outputBytes + 64)
  const workspaceBytes = Math.max(0, ...passes.map(({ source }) => source.workspace?.(launch, workers) ?? 0))
  const workspace = place(workspaceBytes)
  // Whatever the workspace holds, a NaN of it must not reach the result.
  bytes.fill(0xff, workspace, workspace + workspaceBytes + 64)
  for (const { name, source } of passes) {
    const key = [name, relaxedSimd, ...inputs.map((i) => i.dtype), output].join()
    let kernel = kernels.get(key)
    if (!kernel) {
      const signature = { inputs, outputs: launch.outputs, variant: '' }
      const code = buildKernel(name, WASM, (k) => source.build(k, signature))
      const module = new WebAssembly.Module(
        emitWasm(code, { sharedMemory: false, maximumPages: PAGES, relaxedSimd }) as BufferSource,
      )
      kernel = new WebAssembly.Instance(module, { env: { memory } }).exports['kernel'] as NonNullable<typeof kernel>
      kernels.set(key, kernel)
    }
    const words = [...addresses, outputAddress, ...(source.workspace ? [workspace] : []), ...source.params(launch)]
    new Int32Array(memory.buffer, LOWEST_ADDRESS).set(words)
    for (let worker = 0; worker < workers; worker++) kernel(LOWEST_ADDRESS, worker, workers)
  }
  const outside = [
    ...bytes.subarray(outputAddress - 64, outputAddress),
    ...bytes.subarray(outputAddress + outputBytes, outputAddress + outputBytes + 64),
    ...bytes.subarray(workspace + workspaceBytes, workspace + workspaceBytes + 64),
  ]
  if (!outside.every((b, i) => b === (i < 128 ? 0xa5 : 0xff))) {
    throw new Error(`${passes.map((p) => p.name)} wrote outside their ${dtypeName(output)} output or workspace`)
  }
  return {
    output: bytes.slice(outputAddress, outputAddress + outputBytes),
    passes: passes.map((pass) => pass.name.replace(/\d+x\d+$/, '')),
  }
}
