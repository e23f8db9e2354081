import {
  cpuDevice,
  type Device,
  realize,
  setDefaultDevice,
  type Tensor,
  tensor,
  vjp,
  wasmDevice,
  webgpuDevice,
} from '@almanac/tensor-core'
import { assertClose, GOLDEN_TOLERANCE, goldenValues, loadGolden, seededRandom, toleranceFor } from '@almanac/test-kit'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { describe, expect, test } from 'vitest'
import { causalAttention, rope } from '../src/index.js'

const DEVICES: readonly (readonly [name: string, make: () => Device])[] = [
  ['cpu', () => cpuDevice()],
  ['cpu in float64', () => cpuDevice({ precision: 'f64' })],
  ['wasm, one thread', () => wasmDevice({ threads: 1 })],
  ['wasm, two threads', () => wasmDevice({ threads: 2 })],
]

const gpu = await swiftShaderGpu()
const WITH_GPU = [...DEVICES, ...(gpu ? [['webgpu', () => webgpuDevice({ gpu })] as const] : [])]

async function on<T>(make: () => Device, body: () => Promise<T>): Promise<T> {
  const device = make()
  const before = setDefaultDevice(device)
  try {
    return await body()
  } finally {
    setDefaultDevice(before)
    await device.close()
  }
}

/** [B, T, H, KV, S, D, first positions]: odd sizes, one query, rows that see nothing, a head dimension that is no vector. */
const SHAPES: [number, number, number, number, number, number, number[]][] = [
  [2, 7, 4, 2, 12, 8, [5, 0]],
  [1, 1, 4, 2, 9, 6, [8]],
  [2, 70, 3, 3, 140, 5, [-3, 70]],
  [1, 19, 4, 1, 19, 12, [0]],
  [1, 33, 2, 2, 33, 32, [0]],
  // Few queries: over several chunks of keys, more than one row of sums wide, some that see nothing.
  [2, 1, 6, 2, 200, 40, [199, 64]],
  [3, 2, 4, 1, 150, 36, [-1, 62, 148]],
  // Last keys just below, at and above the end of a chunk; one row, a pair, a pair and one; keys that make no whole tile.
  [5, 1, 3, 3, 70, 64, [30, 31, 32, 63, 64]],
  [2, 1, 6, 3, 33, 20, [0, 32]],
  [1, 1, 5, 1, 99, 4, [97]],
]

function inputs([B, T, H, KV, S, D, starts]: (typeof SHAPES)[number]) {
  const random = seededRandom(1)
  const of = (...shape: number[]) => tensor(random.normals(shape.reduce((a, b) => a * b, 1)), { shape })
  return {
    q: of(B, T, H, D),
    k: of(B, S, KV, D),
    v: of(B, S, KV, D),
    dy: of(B, T, H, D),
    starts: tensor(Int32Array.from(starts)),
    // Documents of five tokens.
    firsts: tensor(
      Int32Array.from({ length: B * T }, (_, i) =>
        Math.max(0, (starts[Math.floor(i / T)] as number) + (i % T) - ((i % T) % 5)),
      ),
      { shape: [B, T] },
    ),
  }
}

async function results(shape: (typeof SHAPES)[number], packed: boolean) {
  const { q, k, v, dy, starts, firsts } = inputs(shape)
  const { y, lse } = causalAttention(q, k, v, packed ? { starts, firsts } : { starts })
  const [dq, dk, dv] = vjp(y, dy, [q, k, v]) as [Tensor, Tensor, Tensor]
  await realize(y, lse, dq, dk, dv)
  return Promise.all([y, lse, dq, dk, dv].map((t) => t.data()))
}

test.each(SHAPES.flatMap((shape) => [false, true].map((packed) => [...shape, packed] as const)))(
  'kernels equal the fallback, one thread equals two: B %i T %i H %i KV %i S %i D %i, first queries %j, documents %s',
  async (...args) => {
    const packed = args[7]
    const shape = args.slice(0, 7) as unknown as (typeof SHAPES)[number]
    const expected = await on(
      () => cpuDevice({ precision: 'f64' }),
      () => results(shape, packed),
    )
    const one = await on(
      () => wasmDevice({ threads: 1 }),
      () => results(shape, packed),
    )
    const two = await on(
      () => wasmDevice({ threads: 2 }),
      () => results(shape, packed),
    )
    one.forEach((values, i) => {
      assertClose(
        values,
        expected[i] as Float64Array,
        toleranceFor('float32', 'fused'),
        ['y', 'lse', 'dq', 'dk', 'dv'][i] as string,
      )
      expect(two[i]).toEqual(values)
    })
  },
)

test.each(DEVICES)('documents packed in a row give what each gives alone, on %s', (_, make) =>
  on(make, async () => {
    const [T, H, KV, D] = [150, 4, 2, 8]
    const starts = [0, 1, 2, 40, 41, 130]
    const random = seededRandom(3)
    const of = (heads: number) => tensor(random.normals(T * heads * D), { shape: [1, T, heads, D] })
    const [q, k, v, dy] = [of(H), of(KV), of(KV), of(H)]
    const firsts = tensor(
      Int32Array.from({ length: T }, (_, t) => starts.findLast((start) => start <= t) as number),
      { shape: [1, T] },
    )
    const gradients = (q: Tensor, k: Tensor, v: Tensor, dy: Tensor, options = {}) => {
      const { y } = causalAttention(q, k, v, options)
      return [y, ...(vjp(y, dy, [q, k, v]) as [Tensor, Tensor, Tensor])]
    }
    const whole = gradients(q, k, v, dy, { firsts })
    for (const [i, from] of starts.entries()) {
      const part = (x: Tensor) => x.slice([null, [from, starts[i + 1] ?? T]])
      const alone = gradients(part(q), part(k), part(v), part(dy))
      for (const [j, name] of ['y', 'dq', 'dk', 'dv'].entries()) {
        const expected = await (alone[j] as Tensor).data()
        assertClose(
          await part(whole[j] as Tensor).data(),
          expected,
          toleranceFor('float32', 'fused'),
          `${name} of ${i}`,
        )
      }
    }
  }),
)

interface Golden {
  readonly attention: {
    name: string
    convention: 'none' | 'half-split' | 'interleaved'
    queryStart?: number
    keyStart?: number
    lengths?: unknown
    scale?: number
    inputs: Record<'q' | 'k' | 'v', { shape: number[]; seed: number; scale: number; offset?: number }>
    cotangent: { shape: number[]; seed: number; scale: number; offset?: number }
    y: number[]
    gradients: Record<'q' | 'k' | 'v', number[]>
  }[]
}

const golden = loadGolden<Golden>(import.meta.url, './goldens/attention.json')
const plain = golden.attention.filter((g) => !g.lengths && (g.keyStart ?? 0) === 0)

describe.each(WITH_GPU)('PyTorch on %s', (name, make) => {
  test(`${plain.length} cases, forward and gradients`, () =>
    on(make, async () => {
      expect(plain.length).toBeGreaterThan(8)
      for (const g of plain) {
        // The table of angles is float32 on every device: rotated cases are no test of float64.
        if (g.convention !== 'none' && name === 'cpu in float64') continue
        const of = ({
          shape,
          seed,
          scale,
          offset,
        }: {
          shape: number[]
          seed: number
          scale: number
          offset?: number
        }) =>
          tensor(
            goldenValues(
              seed,
              shape.reduce((a, b) => a * b, 1),
              scale,
              offset ?? 0,
            ),
            { shape },
          )
        const [q, k, v] = [of(g.inputs.q), of(g.inputs.k), of(g.inputs.v)]
        const start = g.queryStart ?? 0
        const rotate = (x: Tensor, from: number) => {
          if (g.convention === 'none') return x
          const positions = tensor(Int32Array.from({ length: x.shape[1] as number }, (_, i) => from + i))
          return rope(x, positions, { interleaved: g.convention === 'interleaved' })
        }
        const { y } = causalAttention(rotate(q, start), rotate(k, 0), v, {
          starts: start,
          ...(g.scale ? { scale: g.scale } : {}),
        })
        const gradients = vjp(y, of(g.cotangent), { q, k, v })
        await realize(y, gradients.q, gradients.k, gradients.v)
        const tolerance = name === 'cpu in float64' ? GOLDEN_TOLERANCE : toleranceFor('float32', 'fused')
        // Large scores amplify the rounding of their products; the float64 run checks those exactly.
        if (g.name.includes('large') && name !== 'cpu in float64') continue
        assertClose(await y.data(), g.y, tolerance, `${g.name}: y`)
        for (const which of ['q', 'k', 'v'] as const)
          assertClose(await gradients[which].data(), g.gradients[which], tolerance, `${g.name}: d${which}`)
      }
    }))
})

test('shapes that do not fit are refused at the call', () => {
  const x = (...shape: number[]) => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape })
  expect(() => causalAttention(x(1, 2, 3, 4), x(1, 2, 2, 4), x(1, 2, 2, 4))).toThrow(
    'flashAttention: expected as many query heads as kv heads, or a multiple of them, got 3 query heads over 2 kv heads. Each kv head serves H / KV query heads.',
  )
  expect(() => causalAttention(x(1, 2, 3, 4), x(2, 2, 3, 4), x(2, 2, 3, 4))).toThrow(
    'causalAttention: expected q [B, T, H, D], k [B, S, KV, D] and v [B, S, KV, Dv], got [1, 2, 3, 4], [2, 2, 3, 4], [2, 2, 3, 4].',
  )
  expect(() => rope(x(1, 2, 3, 5), undefined)).toThrow('rope: expected [B, T, H, D] with an even D, got [1, 2, 3, 5].')
})
