import * as core from '@almanac/tensor-core'
import { type GradcheckInput, gradcheck, seededRandom } from '@almanac/test-kit'
import { afterAll, expect, it } from 'vitest'
import * as attention from '../src/index.js'
import { causalAttention, causalAttentionBackward, causalAttentionForward, rope, ropeRotation } from '../src/index.js'

const device = core.cpuDevice({ precision: 'f64' })
afterAll(() => device.close())

let seed = 0
const normals = (...shape: number[]): GradcheckInput => {
  const random = seededRandom(++seed)
  return { shape, values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()) }
}
const ints = (...values: number[]) => core.tensor(values, { dtype: 'int32' })

interface Case {
  readonly of: string
  readonly inputs: readonly GradcheckInput[]
  readonly fn: (...inputs: core.Tensor[]) => core.Tensor | readonly core.Tensor[]
}
type Three = [core.Tensor, core.Tensor, core.Tensor]

/** Every fused op of this package, by the name it is exported under, and the functions on them. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  causalAttentionForward: [
    {
      of: 'causalAttentionForward: y and lse',
      inputs: [normals(2, 3, 4, 2), normals(2, 5, 2, 2), normals(2, 5, 2, 2)],
      fn: (...[q, k, v]) => [
        ...causalAttentionForward(...([q, k, v] as Three), ints(2, 0), ints(0, 1, 3, 0, 0, 2).reshape([2, 3]), {
          scale: 0.7,
        }),
      ],
    },
    {
      of: 'causalAttention: rows that see nothing',
      inputs: [normals(1, 3, 2, 2), normals(1, 4, 1, 2), normals(1, 4, 1, 2)],
      fn: (...[q, k, v]) => causalAttention(...([q, k, v] as Three), { starts: ints(-2) }).y,
    },
    {
      of: 'causalAttention: the whole text',
      inputs: [normals(1, 4, 2, 2), normals(1, 4, 2, 2), normals(1, 4, 2, 2)],
      fn: (...[q, k, v]) => causalAttention(...([q, k, v] as Three)).y,
    },
  ],
  causalAttentionBackward: [
    {
      of: 'causalAttentionBackward',
      inputs: [
        normals(1, 2, 2, 2),
        normals(1, 3, 1, 2),
        normals(1, 3, 1, 2),
        normals(1, 2, 2),
        normals(1, 2, 2),
        normals(1, 2, 2, 2),
      ],
      fn: (...inputs) => [
        ...causalAttentionBackward(
          ...(inputs as [core.Tensor, core.Tensor, core.Tensor, core.Tensor, core.Tensor, core.Tensor]),
          ints(1),
          ints(0, 1).reshape([1, 2]),
          { scale: 0.6 },
        ),
      ],
    },
  ],
  ropeRotation: [false, true].flatMap((interleaved) => [
    {
      of: `ropeRotation, interleaved ${interleaved}`,
      inputs: [normals(2, 3, 2, 4), normals(1, 3, 1, 2), normals(1, 3, 1, 2)].slice(0, 1),
      fn: (x: core.Tensor) => {
        const random = seededRandom(9)
        const table = () => core.tensor(random.normals(6), { shape: [1, 3, 1, 2] })
        return ropeRotation(x, table(), table(), { interleaved })
      },
    },
    {
      of: `rope, interleaved ${interleaved}`,
      inputs: [normals(2, 3, 2, 4)],
      fn: (x: core.Tensor) => rope(x, ints(5, 0, 2), { interleaved, maxPositions: 8 }),
    },
  ]),
}

it.each(Object.values(CASES).flat())(
  '$of: gradients equal finite differences in float64',
  async ({ of, fn, inputs }) => {
    await gradcheck<core.Tensor, core.Device>(core, fn, inputs, { device, label: of, secondOrder: true })
  },
)

it('has a case for every fused op', () => {
  const fused = Object.entries(attention).flatMap(([name, value]) =>
    typeof value === 'function' && 'definition' in value ? [name] : [],
  )
  expect(Object.keys(CASES).sort()).toEqual(fused.sort())
})
