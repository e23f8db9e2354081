import { tensor } from '../create.js'
import { dtypeName } from '../dtype.js'
import { ArgumentError, DTypeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { bitcast } from '../ops/bitcast.js'
import { full } from '../ops/full.js'
import { randomBitsRecord } from '../ops/random-bits.js'
import { reshape } from '../ops/reshape.js'
import { slice } from '../ops/slice.js'

/** A random key: uint32 [2]. The same key always gives the same numbers; `split` and `foldIn` make new ones. */
export function key(seed: number): Tensor {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new ArgumentError('key', 'a whole seed from 0 to 2^53 - 1', `${seed}`)
  return tensor(Uint32Array.of(Math.floor(seed / 2 ** 32), seed >>> 0), { shape: [2] })
}

/** `count` keys that have nothing to do with each other or with the one they come from. */
export function splitKey(from: TensorLike, count = 2): Tensor[] {
  const words = apply(randomBitsRecord, [asTensor(from)], { shape: [2 * count], stream: 1, pairs: true })
  return Array.from({ length: count }, (_, i) => slice(words, [[2 * i, 2 * i + 2]]))
}

/** A key made of a key and a number (a step, an index, a hash), which may be a tensor: int32 or uint32 []. */
export function foldIn(from: TensorLike, data: TensorLike): Tensor {
  let word: Tensor
  if (typeof data === 'number') {
    if (!Number.isInteger(data) || data < 0 || data > 0xffffffff)
      throw new ArgumentError('foldIn', 'a whole number from 0 to 2^32 - 1', `${data}`)
    word = full([], data, 'uint32')
  } else {
    const value = asTensor(data)
    if (value.dtype !== 'int32' && value.dtype !== 'uint32')
      throw new DTypeError('foldIn', 'int32 or uint32 data', dtypeName(value.dtype))
    word = bitcast(reshape(value, []), 'uint32')
  }
  return apply(randomBitsRecord, [asTensor(from), word], { shape: [2], stream: 2, pairs: true })
}
