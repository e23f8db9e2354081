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
import type { Module } from '@almanac/tensor-core/nn'
import {
  assertClose,
  GOLDEN_TOLERANCE,
  goldenValues,
  loadGolden,
  seededRandom,
  type Tolerance,
  toleranceFor,
} from '@almanac/test-kit'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, describe, expect, test } from 'vitest'
import {
  CrossAttention,
  contiguousCache,
  denseExtents,
  GroupedQueryAttention,
  type GroupedQueryAttentionOptions,
  latentCache,
  MultiHeadLatentAttention,
  type MultiHeadLatentAttentionOptions,
  type RopeAngles,
  type RopeScaling,
  ropeAngles,
} from '../src/index.js'

interface Input {
  readonly shape: number[]
  readonly seed: number
  readonly scale: number
  readonly offset: number
}
interface Rope {
  readonly theta: number
  readonly positions: number[] | number[][]
  readonly channels?: number
  readonly scaling?: RopeScaling
}
interface Case<Options> {
  readonly name: string
  readonly options: Options
  readonly rope?: Rope
  readonly firsts?: number[][]
  readonly starts?: number
  readonly lengths?: number[]
  readonly inputs: Readonly<Record<string, Input>>
  readonly parameters: Readonly<Record<string, Input>>
  readonly cotangent: Input
  readonly y: number[]
  readonly gradients: Readonly<Record<string, number[]>>
  readonly latents?: number[]
}
const load = <Options>(name: string) =>
  loadGolden<{ cases: Case<Options>[] }>(import.meta.url, `./goldens/${name}.json`).cases

/** Null where it does not start: `swiftShaderGpu` prints why. */
const gpu = await swiftShaderGpu()
const DEVICES: readonly (readonly [name: string, device: Device, tolerance: Tolerance])[] = [
  ['cpu in float64', cpuDevice({ precision: 'f64' }), GOLDEN_TOLERANCE],
  ['wasm', wasmDevice({ threads: 2 }), toleranceFor('float32', 'fused')],
  ...(gpu ? [['webgpu on SwiftShader', webgpuDevice({ gpu }), toleranceFor('float32', 'fused')] as const] : []),
]
afterAll(() => Promise.all(DEVICES.map(([, device]) => device.close())))

const valuesOf = ({ shape, seed, scale, offset }: Input): Tensor =>
  tensor(
    goldenValues(
      seed,
      shape.reduce((a, b) => a * b, 1),
      scale,
      offset,
    ),
    { shape },
  )

const ints = (values: number[] | number[][]) => tensor(values, { dtype: 'int32' })

const anglesOf = ({ theta, positions, scaling }: Rope, channels: number): RopeAngles =>
  ropeAngles(ints(positions), channels, { theta, maxPositions: 9001, ...(scaling ? { scaling } : {}) })

/** The module with a case's parameters, what it makes of the case's inputs, and all gradients, held to the golden. */
async function hold<Options>(
  one: Case<Options>,
  make: () => { readonly module: Module; readonly forward: (inputs: Readonly<Record<string, Tensor>>) => Tensor },
  [, device, exact]: (typeof DEVICES)[number],
): Promise<void> {
  // Cosines and sines are in float32 on every device.
  const tolerance = one.rope ? toleranceFor('float32', 'fused') : exact
  const before = setDefaultDevice(device)
  try {
    // Made here, because a State stands on the device that is the default when it is made.
    const { module, forward } = make()
    const parameters = Object.fromEntries(module.namedParameters())
    expect(Object.keys(parameters).sort()).toEqual(Object.keys(one.parameters).sort())
    for (const [name, parameter] of Object.entries(parameters))
      parameter.assign(valuesOf(one.parameters[name] as Input))
    const inputs = Object.fromEntries(Object.entries(one.inputs).map(([name, input]) => [name, valuesOf(input)]))
    const wanted = Object.keys(one.gradients)
    const of = wanted.map((name) => inputs[name] ?? (parameters[name]?.value as Tensor))
    const y = forward(inputs)
    const gradients = vjp(y, valuesOf(one.cotangent), of) as Tensor[]
    await realize(y, ...gradients)
    assertClose(await y.data(), one.y, tolerance, 'y')
    for (const [i, name] of wanted.entries()) {
      const gradient = one.gradients[name] as number[]
      assertClose((await gradients[i]?.data()) as Float32Array, gradient, tolerance, `gradient of ${name}`)
    }
  } finally {
    setDefaultDevice(before)
  }
}

describe.each(DEVICES)(
  'modules give what PyTorch gives, forward and gradient, on %s',
  { timeout: 180_000 },
  (...on) => {
    test.each(load<GroupedQueryAttentionOptions & { readonly headDim: number }>('grouped_query_attention'))(
      'grouped-query attention: $name',
      (one) => {
        const { options, rope, firsts, starts, lengths } = one
        return hold(
          one,
          () => {
            const module = new GroupedQueryAttention(options)
            const forward = ({ x, bias }: Readonly<Record<string, Tensor>>): Tensor => {
              const [batch, time] = (x as Tensor).shape as [number, number, number]
              const seen = {
                ...(firsts ? { firsts: ints(firsts) } : {}),
                ...(starts ? { starts } : {}),
                ...(lengths ? { lengths: ints(lengths), causal: false } : {}),
              }
              return module.forward(x as Tensor, {
                ...(rope ? { angles: anglesOf(rope, rope.channels ?? options.headDim) } : {}),
                ...(Object.keys(seen).length > 0 ? { extents: denseExtents({ batch, time, ...seen }) } : {}),
                ...(bias ? { bias } : {}),
              })
            }
            return { module, forward }
          },
          on,
        )
      },
    )

    const forms = ['naive', 'absorbed'] as const
    test.each(
      load<MultiHeadLatentAttentionOptions>('latent_attention').flatMap((one) =>
        forms.map((form) => ({ ...one, form })),
      ),
    )('latent attention, $form: $name', (one) => {
      const { options, rope, firsts, form } = one
      return hold(
        one,
        () => {
          const module = new MultiHeadLatentAttention(options)
          const forward = ({ x, bias }: Readonly<Record<string, Tensor>>): Tensor => {
            const [batch, time] = (x as Tensor).shape as [number, number, number]
            return module.forward(x as Tensor, {
              form,
              ...(rope ? { angles: anglesOf(rope, options.rotaryDim) } : {}),
              ...(firsts ? { extents: denseExtents({ batch, time, firsts: ints(firsts) }) } : {}),
              ...(bias ? { bias } : {}),
            })
          }
          return { module, forward }
        },
        on,
      )
    })

    test.each(load<ConstructorParameters<typeof CrossAttention>[0]>('cross_attention'))(
      'cross attention: $name',
      (one) => {
        return hold(
          one,
          () => {
            const module = new CrossAttention(one.options)
            const forward = ({ x, context, bias }: Readonly<Record<string, Tensor>>): Tensor =>
              module.forward(x as Tensor, context as Tensor, {
                ...(one.lengths ? { lengths: ints(one.lengths) } : {}),
                ...(bias ? { bias } : {}),
              })
            return { module, forward }
          },
          on,
        )
      },
    )
  },
)

const run = async <T>(device: Device, work: () => Promise<T>): Promise<T> => {
  const before = setDefaultDevice(device)
  try {
    return await work()
  } finally {
    setDefaultDevice(before)
  }
}
const [float64, wasm] = [DEVICES[0]?.[1] as Device, DEVICES[1]?.[1] as Device]

/** A module with normal parameters from a seed. */
function filled<M extends Module>(module: M, seed: number): M {
  const random = seededRandom(seed)
  for (const [, parameter] of module.namedParameters()) {
    const size = parameter.shape.reduce((a, b) => a * b, 1)
    parameter.assign(tensor(random.normals(size), { shape: [...parameter.shape] }).mul(0.4))
  }
  return module
}
const normals = (seed: number, ...shape: number[]) =>
  tensor(seededRandom(seed).normals(shape.reduce((a, b) => a * b, 1)), { shape })

test.each([1, 2, 3, 4, 5])('latent attention absorbed equals naive to 1e-5, sizes drawn from %i', (seed) =>
  run(float64, async () => {
    const random = seededRandom(seed)
    const size = (least: number) => least + random.integer(6)
    const options = {
      ...{ hiddenSize: 2 * size(4), heads: size(1), latentDim: size(2), contentDim: size(2), valueDim: size(2) },
      rotaryDim: 2 * (1 + random.integer(3)),
      ...(seed % 2 ? { queryLatentDim: size(2) } : {}),
    }
    const module = filled(new MultiHeadLatentAttention(options), seed)
    const [B, T] = [1 + random.integer(2), 3 + random.integer(9)]
    const x = normals(seed, B, T, options.hiddenSize)
    const angles = ropeAngles(ints(Array.from({ length: T }, (_, i) => i)), options.rotaryDim, { maxPositions: 16 })
    const [naive, absorbed] = await Promise.all(
      (['naive', 'absorbed'] as const).map(async (form) => module.forward(x, { angles, form }).data()),
    )
    assertClose(absorbed as Float32Array, naive as Float32Array, { rtol: 1e-5, atol: 1e-5 }, 'absorbed')
  }),
)

test('kv heads that are copies of fewer give what the fewer give', () =>
  run(float64, async () => {
    const [C, D] = [12, 4]
    const grouped = filled(new GroupedQueryAttention({ hiddenSize: C, heads: 4, kvHeads: 2, headDim: D }), 3)
    const full = new GroupedQueryAttention({ hiddenSize: C, heads: 4, headDim: D })
    for (const name of ['q_proj', 'o_proj'] as const) full[name].weight.assign(grouped[name].weight.value.copy())
    for (const name of ['k_proj', 'v_proj'] as const) {
      const rows = (grouped[name].weight.value as Tensor).reshape([2, 1, D, C]).expand([2, 2, D, C])
      full[name].weight.assign(rows.reshape([4 * D, C]))
    }
    const x = normals(4, 2, 7, C)
    const [few, many] = [await grouped.forward(x).data(), await full.forward(x).data()]
    assertClose(many, few, GOLDEN_TOLERANCE, 'repeated heads')
  }))

test('a window as long as the text is none; a bias of -infinity is a document mask', () =>
  run(float64, async () => {
    const sizes = { hiddenSize: 8, heads: 2 }
    const plain = filled(new GroupedQueryAttention(sizes), 5)
    const windowed = filled(new GroupedQueryAttention({ ...sizes, window: 6 }), 5)
    const x = normals(6, 2, 6, 8)
    assertClose(await windowed.forward(x).data(), await plain.forward(x).data(), GOLDEN_TOLERANCE, 'a window')
    const firsts = [0, 0, 2, 2, 4, 4]
    const bias = tensor(
      firsts.flatMap((first) => firsts.map((_, key) => (key < first ? Number.NEGATIVE_INFINITY : 0))),
    ).reshape([6, 6])
    const extents = denseExtents({ batch: 2, time: 6, firsts: ints([firsts, firsts]) })
    const [masked, biased] = [plain.forward(x, { extents }), plain.forward(x, { bias })]
    assertClose(await biased.data(), await masked.data(), GOLDEN_TOLERANCE, 'a bias')
  }))

// Prefill and then token by token, over what a cache keeps.
test.each(['grouped', 'latent'] as const)('a text in pieces through a cache is the text at once: %s', (kind) =>
  run(wasm, async () => {
    const [T, C] = [9, 16]
    const module =
      kind === 'grouped'
        ? filled(new GroupedQueryAttention({ hiddenSize: C, heads: 4, kvHeads: 2, qkNorm: true, window: 5 }), 7)
        : filled(
            new MultiHeadLatentAttention({
              hiddenSize: C,
              heads: 2,
              latentDim: 8,
              contentDim: 4,
              rotaryDim: 4,
              valueDim: 4,
            }),
            7,
          )
    const cache =
      kind === 'grouped'
        ? contiguousCache({ layers: 1, sequences: 1, maxLength: T, kvHeads: 2, headDim: 4 })
        : latentCache({ layers: 1, sequences: 1, maxLength: T, blocks: 3, blockSize: 4, latentDim: 8, ropeDim: 4 })
    const x = normals(8, 1, T, C)
    const angles = (positions: Tensor) => ropeAngles(positions, 4, { maxPositions: T })
    const whole = await module.forward(x, { angles: angles(ints(Array.from({ length: T }, (_, i) => i))) }).data()
    let done = 0
    for (const tokens of [4, 1, 3, 1]) {
      const step = cache.step([{ sequence: 0, tokens }])
      const piece = x.slice([null, [done, done + tokens]])
      const layer = cache.layers[0]
      if (!layer) throw new Error('expected a layer')
      const y = await module.forward(piece, { cache: layer, step, angles: angles(step.positions) }).data()
      cache.commit(0, tokens)
      assertClose(y, whole.slice(done * C, (done + tokens) * C), toleranceFor('float32', 'fused'), `from ${done}`)
      done += tokens
    }
  }),
)

test('what does not fit is refused, with what to do', () => {
  const sizes = { hiddenSize: 12, heads: 6 }
  expect(() => new GroupedQueryAttention({ ...sizes, kvHeads: 4 })).toThrow(
    'GroupedQueryAttention: expected heads as a multiple of kvHeads (4), got 6. Each kv head serves heads / kvHeads query heads: take a divisor of heads.',
  )
  expect(() => new GroupedQueryAttention({ ...sizes, window: 0 })).toThrow(
    'GroupedQueryAttention: expected a window of at least 1 key, the query its own, got 0. Leave it out to see all keys.',
  )
  expect(() => new GroupedQueryAttention({ ...sizes, sinks: -1 })).toThrow(
    'GroupedQueryAttention: expected a number of sinks from 0, got -1.',
  )
  expect(() => new GroupedQueryAttention({ hiddenSize: 10, heads: 4 })).toThrow(
    'GroupedQueryAttention: expected hiddenSize as a multiple of heads (4), got 10. Or give headDim.',
  )
  const module = filled(new GroupedQueryAttention({ hiddenSize: 8, heads: 2 }), 1)
  expect(() => module.forward(normals(1, 1, 2, 8), { angles: ropeAngles(ints([0, 1]), 2) })).toThrow(
    'GroupedQueryAttention: expected angles [1 or B, T, 1, 2] for 4 rotated channels, got [1, 2, 1, 1]. Take them with ropeAngles(positions, 4).',
  )
  const cache = contiguousCache({ layers: 1, sequences: 1, maxLength: 4, kvHeads: 2, headDim: 4 }).layers[0]
  if (!cache) throw new Error('expected a layer')
  expect(() => module.forward(normals(1, 1, 2, 8), { cache })).toThrow(
    'GroupedQueryAttention: expected a step with the cache, got none. The cache makes it: where each token stands in it.',
  )
})
