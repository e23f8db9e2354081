import { dtypeName } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { threefry2x32 } from '../random/threefry.js'
import { formatShape, type Shape, sizeOf } from '../shape.js'
import { checkShape } from './check-shape.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'

/**
 * `stream` keeps apart what is derived from one key: 0 draws bits, 1 splits the key, 2 folds a number into it.
 * `pairs`: the two words of each counter are kept (keys), not joined by exclusive or (bits).
 */
type Attributes = { readonly shape: Shape; readonly stream: number; readonly pairs: boolean }

/** Threefry-2x32-20 of the counters (stream, i) under a key. Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3". */
export const randomBitsRecord: OpaqueRecord<Attributes> = {
  kind: 'opaque',
  name: 'randomBits',
  infer(inputs, { shape, stream }) {
    const [key, data] = inputs as [TensorSpec, TensorSpec | undefined]
    if (key.dtype !== 'uint32')
      throw new DTypeError('randomBits', 'a uint32 key', dtypeName(key.dtype), 'Make one with key(seed).')
    if (formatShape(key.shape) !== '[2]')
      throw new ShapeError('randomBits', 'a key of shape [2]', formatShape(key.shape))
    if (stream === 2 && (data?.dtype !== 'uint32' || data.shape.length !== 0)) {
      throw new DTypeError(
        'foldIn',
        'a uint32 scalar',
        data ? `${dtypeName(data.dtype)} ${formatShape(data.shape)}` : 'nothing',
      )
    }
    return [{ shape, dtype: 'uint32' }]
  },
  reference(inputs, { shape, stream, pairs }) {
    const [key, data] = inputs as [HostValue, HostValue | undefined]
    const [k0, k1] = [key.values[0] as number, key.values[1] as number]
    const y = new Float64Array(sizeOf(shape))
    const counters = pairs ? y.length / 2 : y.length
    for (let i = 0; i < counters; i++) {
      const [a, b] = threefry2x32(k0, k1, stream, data ? (data.values[0] as number) : i)
      if (pairs) y.set([a, b], 2 * i)
      else y[i] = (a ^ b) >>> 0
    }
    return [y]
  },
  kernel: {
    variant: ({ inputs, attributes }: KernelLaunch<Attributes>) =>
      `${attributes.pairs ? 'pairs' : 'bits'}${inputs.length}`,
    params({ attributes }: KernelLaunch<Attributes>) {
      const size = sizeOf(attributes.shape)
      return [attributes.pairs ? size / 2 : size, attributes.stream]
    },
    build(k, { variant }) {
      const key = k.buffer('key', 'uint32', 'read')
      const data = variant.endsWith('2') ? k.buffer('data', 'uint32', 'read') : null
      const y = k.buffer('y', 'uint32', 'write')
      const [count, stream] = [k.param('count'), k.param('stream')]
      const words = [k.let(k.load(key, 0)), k.let(k.load(key, 1))]
      const schedule = [...words, k.let(v.xor(v.xor(words[0] as Value, words[1] as Value), v.u32(0x1bd11bda)))]
      const rotate = (x: Value, by: number) => v.or(v.shl(x, by), v.shr(x, 32 - by))
      k.parallelRange(count, 16, (begin, end) =>
        k.for(begin, end, (i) => {
          const x0 = k.variable(v.add(v.bitcast(stream, 'u32'), schedule[0] as Value))
          const counter = data ? k.load(data, 0) : v.bitcast(i, 'u32')
          const x1 = k.variable(v.add(counter, schedule[1] as Value))
          for (let round = 0; round < 20; round++) {
            const by = [13, 15, 26, 6, 17, 29, 16, 24][round % 8] as number
            x0.set(v.add(x0.get(), x1.get()))
            x1.set(v.xor(rotate(x1.get(), by), x0.get()))
            if (round % 4 !== 3) continue
            const injection = (round + 1) / 4
            x0.set(v.add(x0.get(), schedule[injection % 3] as Value))
            x1.set(v.add(v.add(x1.get(), schedule[(injection + 1) % 3] as Value), v.u32(injection)))
          }
          if (variant.startsWith('pairs')) {
            k.store(y, v.mul(i, 2), x0.get())
            k.store(y, v.add(v.mul(i, 2), 1), x1.get())
          } else k.store(y, i, v.xor(x0.get(), x1.get()))
        }),
      )
    },
  },
  vjp: null,
}

/** Uniform random 32-bit words under a key: the same on every backend. Users call `uniform`, `normal` and the like. */
export function randomBits(key: Tensor, shape: Shape): Tensor {
  checkShape('randomBits', shape)
  return apply(randomBitsRecord, [key], { shape, stream: 0, pairs: false })
}
