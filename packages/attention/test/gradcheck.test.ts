import * as core from '@almanac/tensor-core'
import { type GradcheckInput, gradcheck, seededRandom } from '@almanac/test-kit'
import { afterAll, expect, it } from 'vitest'
import * as attention from '../src/index.js'
import {
  type AttentionExtents,
  biasedFlashAttentionBackward,
  causalAttention,
  crossAttention,
  type FlashAttributes,
  flashAttention,
  flashAttentionBackward,
  flashAttentionForward,
  rope,
  ropeRotation,
} from '../src/index.js'

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

/** Two sequences: three queries over four keys of two blocks, and one query over one key; a query of none at the end. */
const paged = (): AttentionExtents => ({
  sequences: ints(0, 3, 4, 4, 0, 3, 4, 1, 2, -1).reshape([2, 5]),
  ranges: ints(0, 2, 1, 3, 2, 4, 0, 1, 0, 1).reshape([5, 2]),
  blockSize: 2,
  layout: 'paged',
})
const attributes: FlashAttributes = {
  scale: 0.7,
  softcap: 1.5,
  sinks: 1,
  blockSize: 2,
  layout: 'paged',
  valueChannels: 3,
}
const forward = () => [normals(5, 4, 2), normals(6, 2, 2), normals(6, 2, 3)]
const backward = () => [...forward(), normals(5, 4), normals(5, 4), normals(5, 4, 3)]
type Six = [...Three, ...Three]

/** Every fused op of this package, by the name it is exported under, and the functions on them. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  flashAttentionForward: [
    {
      of: 'flashAttentionForward: y and lse of sequences in blocks',
      inputs: forward(),
      fn: (...inputs) => {
        const { sequences, ranges } = paged()
        const [y, lse] = flashAttentionForward(...(inputs as Three), sequences, ranges, attributes)
        return [y, lse.slice([[0, 4]])]
      },
    },
    {
      of: 'flashAttention: values of the first channels of the keys',
      inputs: [normals(5, 4, 3), normals(6, 2, 3)],
      fn: (...[q, k]) => {
        const { y, lse } = flashAttention(...([q, k, k] as Three), paged(), { valueChannels: 2, sinks: 1 })
        return [y, lse.slice([[0, 4]])]
      },
    },
    {
      of: 'causalAttention: rows that see nothing',
      inputs: [normals(1, 3, 2, 2), normals(1, 4, 1, 2), normals(1, 4, 1, 2)],
      fn: (...[q, k, v]) => causalAttention(...([q, k, v] as Three), { starts: ints(-2) }).y,
    },
    {
      of: 'causalAttention: documents, a window and sinks',
      inputs: [normals(2, 3, 2, 2), normals(2, 3, 2, 2), normals(2, 3, 2, 3)],
      fn: (...[q, k, v]) => {
        const firsts = ints(0, 0, 2, 0, 1, 1).reshape([2, 3])
        const { y, lse } = causalAttention(...([q, k, v] as Three), { firsts, window: 2, sinks: 1, softcap: 2 })
        return [y, lse]
      },
    },
    {
      of: 'crossAttention: rows of different lengths',
      inputs: [normals(2, 2, 2, 2), normals(2, 3, 1, 2), normals(2, 3, 1, 2)],
      fn: (...[q, k, v]) => crossAttention(...([q, k, v] as Three), { lengths: ints(3, 1) }).y,
    },
  ],
  biasedFlashAttentionForward: [
    {
      of: 'causalAttention: a bias for each head',
      inputs: [normals(1, 3, 2, 2), normals(1, 3, 1, 2), normals(1, 3, 1, 2), normals(1, 2, 3, 3)],
      fn: (...[q, k, v, bias]) =>
        causalAttention(...([q, k, v] as Three), { bias: bias as core.Tensor, softcap: 1.2 }).y,
    },
    {
      of: 'crossAttention: a bias for all',
      inputs: [normals(2, 2, 2, 2), normals(2, 3, 1, 2), normals(2, 3, 1, 2), normals(3)],
      fn: (...[q, k, v, bias]) => crossAttention(...([q, k, v] as Three), { bias: bias as core.Tensor }).y,
    },
  ],
  int8FlashAttentionForward: [
    {
      of: 'flashAttention: int8 keys and values',
      inputs: [normals(5, 4, 2), normals(6, 2, 2)],
      fn: (...[q, scales]) => {
        const k = ints(...Array.from({ length: 24 }, (_, i) => ((i * 37) % 21) - 10))
          .reshape([6, 2, 2])
          .cast('int8')
        return flashAttention(q as core.Tensor, k, k, paged(), { scales: (scales as core.Tensor).mul(0.1) }).y
      },
    },
  ],
  flashAttentionBackward: [
    {
      of: 'flashAttentionBackward',
      inputs: backward(),
      fn: (...inputs) => {
        const { sequences, ranges } = paged()
        return [...flashAttentionBackward(...(inputs as Six), sequences, ranges, attributes)]
      },
    },
  ],
  biasedFlashAttentionBackward: [
    {
      of: 'biasedFlashAttentionBackward',
      inputs: backward(),
      fn: (...inputs) => {
        const { sequences, ranges } = paged()
        const bias = core.tensor(seededRandom(4).normals(20), { shape: [5, 1, 4] })
        return [...biasedFlashAttentionBackward(...(inputs as Six), sequences, ranges, bias, attributes)]
      },
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
