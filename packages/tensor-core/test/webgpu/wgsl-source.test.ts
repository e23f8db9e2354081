import { nullGpu, swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { webgpu } from '../../src/backends/webgpu/index.js'
import { KernelTypeError } from '../../src/errors.js'
import type { Launch, Program } from '../../src/schedule/program.js'
import { defineWgsl, type WgslContext } from '../../src/wgsl/index.js'
import { operand, program, slot } from './programs.js'
import { floats, runProgram } from './run-program.js'

const [swiftShader, nothing] = [await swiftShaderGpu(), await nullGpu()]

/** Nine inputs and an output of two floats; the source adds the first and the last input. */
function sumOfTwo(text: (context: WgslContext) => string, usesAll = false): Program {
  const names = [...Array(9).keys()].map((i) => `x${i}`)
  const source = defineWgsl({
    paramNames: [],
    params: () => [],
    groups: () => 1,
    buffers: [
      ...names.map((name, i) => ({ name, access: 'read' as const, unused: !usesAll && i % 8 !== 0 })),
      { name: 'y', access: 'write' as const },
    ],
    text: (context) => ({ workgroupSize: 2, body: text(context as WgslContext) }),
  })
  const launch: Launch = {
    kind: 'fused',
    label: 'sumOfTwo',
    definition: { name: 'sumOfTwo', fallback: () => [], kernels: { webgpu: async () => ({ default: source }) } },
    attributes: undefined,
    inputs: names.map((_, i) => operand(i, 'float32', [2])),
    outputs: [operand(9, 'float32', [2])],
  }
  return program(
    [...Array(10).keys()].map(() => slot('float32', 2)),
    [launch],
  )
}

const sum = ({ load, store }: WgslContext): string => store('y', 'lid', `${load('x0', 'lid')} + ${load('x8', 'lid')}`)

describe.skipIf(!nothing)('buffers that a kernel in WGSL says that it never touches', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await webgpu({ gpu: nothing as GPU })
  })
  afterAll(() => backend.close())

  it('are not bound', async () => {
    const [kernels] = (await backend.print?.(sumOfTwo(sum))) ?? []
    expect(kernels?.[0]?.match(/var<storage.*/g)).toEqual([
      'var<storage, read> b0: array<f32>; // x0',
      'var<storage, read> b1: array<f32>; // x8',
      'var<storage, read_write> b2: array<f32>; // y',
    ])
  })

  it('cannot be named', async () => {
    const naming = backend.print?.(sumOfTwo(({ load, store }) => store('y', 'lid', load('x3', 'lid'))))
    await expect(naming).rejects.toThrow(KernelTypeError)
    await expect(backend.print?.(sumOfTwo(({ load, store }) => store('y', 'lid', load('x3', 'lid'))))).rejects.toThrow(
      'webgpu kernel sumOfTwo: expected one of x0, x8, y, got x3.',
    )
  })
})

describe.skipIf(!swiftShader)('a kernel in WGSL on SwiftShader', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await webgpu({ gpu: swiftShader as GPU })
  })
  afterAll(() => backend.close())

  it.each([false, true])('reads and writes the buffers that it names, all ten bound: %s', async (usesAll) => {
    const contents = [...Array(10).keys()].map((i) => Float32Array.of(i, 10 * i + 1))
    const results = await runProgram(backend, sumOfTwo(sum, usesAll), contents)
    expect([...floats(results[9])]).toEqual([8, 82])
  })
})
