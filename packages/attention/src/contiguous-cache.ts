import {
  ArgumentError,
  byteLengthOf,
  type Device,
  dtypeName,
  dynamicUpdateSlice,
  formatShape,
  type ScalarDType,
  State,
  type Tensor,
  take,
  tensor,
  tensorFromBytes,
} from '@almanac/tensor-core'
import type { SequenceState } from '@almanac/tensor-core/contracts'
import {
  fromSafetensorsDType,
  parseSafetensors,
  type SafetensorsDType,
  serializeSafetensors,
  toSafetensorsDType,
} from '@almanac/tensor-core/safetensors'
import { CacheError } from './cache-error.js'

export interface CacheLayout {
  readonly layers: number
  /** B: sequences held side by side. */
  readonly sequences: number
  /** S: tokens that a sequence has room for. */
  readonly maxLength: number
  readonly kvHeads: number
  /** D. */
  readonly headDim: number
  /** Default float32. */
  readonly dtype?: Extract<ScalarDType, 'float32' | 'float16' | 'bfloat16'>
}

/** Keys and values of one layer, [B, S, KV, D] each. */
export interface LayerCache {
  readonly k: State
  readonly v: State
}

/** Every sequence has its whole row from the start: no sharing, no tables, and nothing to allocate while it grows. */
export interface ContiguousCache extends SequenceState {
  readonly layout: Required<CacheLayout>
  readonly layers: readonly LayerCache[]
}

/** 2 L B S KV D times the bytes of an element: what the cells of a cache take on the device. */
export function contiguousCacheBytes(layout: CacheLayout): number {
  const { layers, sequences, maxLength, kvHeads, headDim, dtype = 'float32' } = layout
  return byteLengthOf(dtype, 2 * layers * sequences * maxLength * kvHeads * headDim)
}

/**
 * A key-value cache of full rows. The model writes with `appendToCache` at the place that `length` tells and then commits;
 * what lies behind a sequence's length is never read. A sequence of no tokens is free: `fork` takes the first such.
 * Throws ArgumentError for counts below 1; its methods throw CacheError.
 */
export function contiguousCache(layout: CacheLayout, options: { readonly device?: Device } = {}): ContiguousCache {
  const { dtype = 'float32', ...counts } = layout
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new ArgumentError('contiguousCache', `${name} as a whole number from 1`, `${count}`)
  }
  const { layers: depth, sequences: B, maxLength: S, kvHeads: KV, headDim: D } = layout
  const cell = (name: string): State => {
    const state = new State({ shape: [B, S, KV, D], dtype }, { ...options, name })
    state.assign(0)
    return state
  }
  const layers = Array.from({ length: depth }, (_, i) => ({ k: cell(`cache.${i}.k`), v: cell(`cache.${i}.v`) }))
  const cells = new Map(layers.flatMap(({ k, v }, i) => [[`${i}.k`, k] as const, [`${i}.v`, v] as const]))
  let lengths = new Array<number>(B).fill(0)
  let reserved = new Array<number>(B).fill(0)

  const where = (sequence: number) => `contiguousCache, sequence ${sequence}`
  const lengthOf = (sequence: number): number => {
    const length = lengths[sequence]
    if (length === undefined) throw new CacheError('contiguousCache', `a sequence from 0 to ${B - 1}`, `${sequence}`)
    return length
  }
  const whole = (sequence: number, what: string, n: number): void => {
    if (!Number.isSafeInteger(n) || n < 0) throw new CacheError(where(sequence), `${what} from 0`, `${n}`)
  }
  const put = (state: State, rows: Tensor, sequence: number): void => {
    state.assign(dynamicUpdateSlice(state, rows, tensor(Int32Array.of(sequence, 0, 0, 0))))
  }

  return {
    layout: { ...layout, dtype },
    layers,
    length: lengthOf,
    reserve(sequence, tokens) {
      const length = lengthOf(sequence)
      whole(sequence, 'a number of tokens', tokens)
      const taken = length + (reserved[sequence] as number)
      if (taken + tokens > S) {
        throw new CacheError(
          where(sequence),
          `at most ${S - taken} tokens more, ${taken} of ${S} places being taken`,
          `${tokens}`,
          'Shorten the text, truncate the sequence, or make a cache with a larger maxLength.',
        )
      }
      reserved[sequence] = (reserved[sequence] as number) + tokens
    },
    commit(sequence, tokens) {
      const length = lengthOf(sequence)
      const held = reserved[sequence] as number
      whole(sequence, 'a number of tokens', tokens)
      if (tokens > held) {
        throw new CacheError(where(sequence), `at most the ${held} tokens reserved`, `${tokens}`, 'Reserve them first.')
      }
      lengths[sequence] = length + tokens
      reserved[sequence] = held - tokens
    },
    truncate(sequence, length) {
      const now = lengthOf(sequence)
      whole(sequence, 'a length', length)
      if (length > now) throw new CacheError(where(sequence), `a length of at most ${now}, its own`, `${length}`)
      lengths[sequence] = length
      reserved[sequence] = 0
    },
    fork(sequence) {
      const length = lengthOf(sequence)
      const free = lengths.findIndex((n, i) => n === 0 && reserved[i] === 0 && i !== sequence)
      if (free < 0) {
        throw new CacheError(where(sequence), 'a free sequence to fork to', `${B} in use`, 'Truncate one to 0 first.')
      }
      if (length > 0)
        for (const state of cells.values()) put(state, state.value.slice([[sequence, sequence + 1]]), free)
      lengths[free] = length
      return free
    },
    reorder(order) {
      if (order.length !== B) {
        throw new CacheError('contiguousCache', `an order of ${B}, one a sequence`, `${order.length}`)
      }
      const next = order.map(lengthOf)
      const index = tensor(Int32Array.from(order))
      for (const state of cells.values()) state.assign(take(state, index, 0))
      reserved = new Array<number>(B).fill(0)
      lengths = next
    },
    async snapshot(sequence) {
      const length = lengthOf(sequence)
      const names = [...cells.keys()]
      const parts = await Promise.all(
        [...cells.values()].map((state) =>
          state.value
            .slice([
              [sequence, sequence + 1],
              [0, length],
            ])
            .bytes(),
        ),
      )
      const stored = toSafetensorsDType(dtype) as SafetensorsDType
      return serializeSafetensors(
        names.map((name, i) => [name, { dtype: stored, shape: [1, length, KV, D], bytes: parts[i] as Uint8Array }]),
      )
    },
    async restore(sequence, snapshot) {
      lengthOf(sequence)
      const { tensors } = parseSafetensors(snapshot, { where: where(sequence) })
      const length = tensors.get('0.k')?.shape[1] ?? -1
      const expected = `${cells.size} tensors of ${dtypeName(dtype)} [1, length, ${KV}, ${D}] with a length of at most ${S}`
      const refuse = (got: string): CacheError =>
        new CacheError(where(sequence), expected, got, 'The snapshot is of another model or cache.')
      if (tensors.size !== cells.size || length < 0 || length > S) {
        throw refuse(`${tensors.size} tensors, a length of ${length}`)
      }
      const values = [...cells.keys()].map((name): Tensor => {
        const part = tensors.get(name)
        if (
          !part ||
          fromSafetensorsDType(part.dtype) !== dtype ||
          formatShape(part.shape) !== formatShape([1, length, KV, D])
        ) {
          throw refuse(part ? `${part.dtype} ${formatShape(part.shape)} for ${name}` : `no ${name}`)
        }
        return tensorFromBytes(part.bytes.slice(), part.shape, dtype)
      })
      if (length > 0) [...cells.values()].forEach((state, i) => put(state, values[i] as Tensor, sequence))
      lengths[sequence] = length
      reserved[sequence] = 0
    },
  }
}
