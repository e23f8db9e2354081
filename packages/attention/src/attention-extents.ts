import {
  ArgumentError,
  asTensor,
  concat,
  formatShape,
  iota,
  maximum,
  ShapeError,
  type Tensor,
  type TensorLike,
  tensor,
} from '@almanac/tensor-core'
import type { Batch } from '@almanac/tensor-core/contracts'

/**
 * Which queries and which keys are whose, and which of the keys each query sees. The same for every layer of a step: make
 * it once. Shapes are maxima; the true bounds stand in the tensors.
 */
export interface AttentionExtents {
  /**
   * int32 [S, 3 + P], a row a sequence: its first query, the end of its queries, the number of its keys, and then, block by
   * block, the place of the block's first key among all keys (-1 where there is no block). Queries of no sequence give zeros.
   */
  readonly sequences: Tensor
  /** int32 [N, 2]: query n sees the keys first .. end - 1 of its sequence, as far as there are any. */
  readonly ranges: Tensor
  /** Keys of a block: key j of a sequence lies at place sequences[s, 3 + j / blockSize] + j % blockSize. */
  readonly blockSize: number
  /**
   * What is known of them. `dense`: every query and every place belongs to exactly one sequence of one block, in order.
   * `ragged`: to one at most. `paged`: nothing; sequences may share places, as in a cache, and gradients run the fallback.
   */
  readonly layout: 'dense' | 'ragged' | 'paged'
}

/** Which of the keys before it a query sees. */
export interface SeenKeys {
  /** First key that each query sees, int32, one a query: the start of its document. Default: 0. */
  readonly firsts?: TensorLike
  /**
   * Keys that a query sees at most, its own included: a sliding window (Beltagy et al. 2020, arXiv 2004.05150, section 3.1;
   * Jiang et al. 2023, arXiv 2310.06825). Default: all.
   */
  readonly window?: number
}

export interface DenseExtents extends SeenKeys {
  /** B. */
  readonly batch: number
  /** T: queries of a row. */
  readonly time: number
  /** S: keys of a row. Default T. */
  readonly keys?: number
  /** Position of each row's first query among the keys, int32 [B] or a number. Default 0. */
  readonly starts?: TensorLike
  /** Keys that each row really has, int32 [B]. Default: all. */
  readonly lengths?: TensorLike
  /** Whether queries see no key behind their own position. Default true. */
  readonly causal?: boolean
}

const WHERE = 'denseExtents'

/** What depends on nothing but sizes: every call of a size shares it, and compiled programs know it again. */
const constants = new Map<string, Tensor>()
/** Sizes that are remembered. */
const CONSTANTS = 64

function constant(name: string, shape: readonly number[], element: (i: number) => number): Tensor {
  let value = constants.get(name)
  if (!value) {
    const size = shape.reduce((a, b) => a * b, 1)
    value = tensor(
      Int32Array.from({ length: size }, (_, i) => element(i)),
      { shape: [...shape] },
    )
    if (constants.size === CONSTANTS) constants.delete(constants.keys().next().value as string)
    constants.set(name, value)
  }
  return value
}

/**
 * Rows of a batch with keys of their own: queries [B, T] over keys [B, S]. Query t of row b sees the keys
 * max(firsts, position - window + 1) .. position with position = starts[b] + t, or all keys where it is not causal.
 * Throws ArgumentError for a window below 1, ShapeError.
 */
export function denseExtents(options: DenseExtents): AttentionExtents {
  const { batch: B, time: T, keys: S = T, causal = true, starts, firsts, lengths, window } = options
  checkWindow(WHERE, window)
  const name = [B, T, S].join(' ')
  // Behind a row's length are places of no sequence.
  const layout = lengths === undefined ? 'dense' : 'ragged'
  const rows = constant(`sequences ${name}`, [B, 4], (i) => {
    const b = Math.floor(i / 4)
    return [b * T, (b + 1) * T, S, b * S][i % 4] as number
  })
  const sequences =
    lengths === undefined
      ? rows
      : concat([rows.slice([null, [0, 2]]), perRow(lengths, B, 'lengths'), rows.slice([null, [3, 4]])], 1)
  const fixed = starts === undefined || typeof starts === 'number' ? (starts ?? 0) : null
  if (fixed !== null && firsts === undefined) {
    const ranges = constant(`ranges ${name} ${fixed} ${causal} ${window}`, [B * T, 2], (i) => {
      const position = fixed + (Math.floor(i / 2) % T)
      if (i % 2 === 1) return causal ? position + 1 : S
      return window === undefined ? 0 : Math.max(0, position - window + 1)
    })
    return { sequences, ranges, blockSize: Math.max(S, 1), layout }
  }
  const position = iota([T])
    .reshape([1, T])
    .add(perRow(starts ?? 0, B, 'starts'))
    .reshape([B * T]) // [B T]
  const end = causal ? position.add(1) : position.mul(0).add(S)
  return {
    sequences,
    ranges: rangesOf(
      firstOf(position, { ...(firsts === undefined ? {} : { firsts }), ...(window ? { window } : {}) }),
      end,
    ),
    blockSize: Math.max(S, 1),
    layout,
  }
}

export interface BatchExtents extends SeenKeys {
  /** M: places that keys have in all. */
  readonly places: number
  /** Tokens of a block of `batch.blockTables`. Without tables the keys are those of the batch's own tokens, in their order. */
  readonly blockSize?: number
  /** Whether queries see no key behind their own position. Default true. */
  readonly causal?: boolean
}

/**
 * A batch of sequences laid end to end. With block tables the keys are in a cache: Kwon et al. 2023, arXiv 2309.06180, section
 * 4.1. Throws ArgumentError for a window or a block size below 1, ShapeError.
 */
export function batchExtents(batch: Omit<Batch, 'tokens'>, options: BatchExtents): AttentionExtents {
  const { places, causal = true, blockSize } = options
  const { positions, cuSeqlens, kvLengths, blockTables } = batch
  checkWindow('batchExtents', options.window)
  if (blockTables && !(Number.isSafeInteger(blockSize) && (blockSize as number) > 0)) {
    throw new ArgumentError('batchExtents', 'a blockSize from 1 with block tables', `${blockSize}`)
  }
  const S = kvLengths.size
  if (cuSeqlens.size !== S + 1 || (blockTables && blockTables.shape[0] !== S)) {
    throw new ShapeError(
      'batchExtents',
      `cuSeqlens [${S + 1}] and blockTables [${S}, P] for kvLengths [${S}]`,
      `${formatShape(cuSeqlens.shape)}${blockTables ? ` and ${formatShape(blockTables.shape)}` : ''}`,
    )
  }
  const begins = cuSeqlens.slice([[0, S]]).reshape([S, 1])
  const blocks = blockTables
    ? maximum(blockTables.mul(blockSize as number), -1) // [S, P]
    : begins
  const sequences = concat(
    [begins, cuSeqlens.slice([[1, S + 1]]).reshape([S, 1]), kvLengths.reshape([S, 1]), blocks],
    1,
  )
  const end = causal ? positions.add(1) : positions.mul(0).add(places)
  return {
    sequences,
    ranges: rangesOf(firstOf(positions, options), end),
    blockSize: blockTables ? (blockSize as number) : Math.max(places, 1),
    layout: blockTables ? 'paged' : 'ragged',
  }
}

/** First key that queries at `position` [N] see, [N]. */
function firstOf(position: Tensor, { firsts, window }: SeenKeys): Tensor {
  const documents = firsts === undefined ? null : asTensor(firsts).cast('int32')
  if (documents && documents.size !== position.size && documents.rank !== 0) {
    throw new ShapeError('attention', `firsts of ${position.size} queries, one each`, formatShape(documents.shape))
  }
  const first = documents
    ? documents.rank === 0
      ? position.mul(0).add(documents)
      : documents.reshape([-1])
    : position.mul(0)
  return window === undefined ? first : maximum(first, position.sub(window - 1))
}

/** [N] and [N] -> [N, 2]. */
const rangesOf = (first: Tensor, end: Tensor): Tensor => concat([first.unsqueeze(1), end.unsqueeze(1)], 1)

/** int32 [B, 1] from a number or [B]. */
function perRow(value: TensorLike, B: number, name: string): Tensor {
  const given = asTensor(value).cast('int32')
  if (given.rank === 0) return given.expand([B, 1])
  if (formatShape(given.shape) !== `[${B}]`) throw new ShapeError(WHERE, `${name} [${B}]`, formatShape(given.shape))
  return given.reshape([B, 1])
}

/** Refuses a window that is none. */
export function checkWindow(where: string, window: number | undefined): void {
  if (window !== undefined && !(Number.isSafeInteger(window) && window >= 1)) {
    throw new ArgumentError(
      where,
      'a window of at least 1 key, the query its own',
      `${window}`,
      'Leave it out to see all keys.',
    )
  }
}
