import { OptionError } from '../data-filter-error.js'
import type { Mixture, MixturePlace } from './mixture.js'
import type { TokenIds } from './token-ids.js'
import type { TokenShard, TokenWindow } from './token-shard.js'

export interface MixtureBatchesOptions {
  /** B: windows of a batch, on this rank. */
  readonly batchSize: number
  /** 0 unless given. */
  readonly rank?: number
  /** How many share each step. 1 unless given. */
  readonly ranks?: number
}

/**
 * Windows of a step, laid end to end: `tokens` and `starts` are what training calls packed documents, and `rows` are where its
 * windows begin in them, so that `tokenBatch(batch, batch.rows, T)` of the training package makes inputs, targets and documents' begins.
 */
export interface MixtureBatch extends TokenWindow {
  /** [B (T + 1)] */
  readonly tokens: TokenIds
  /** Where documents begin, and rows: nothing reaches from one row into the next. */
  readonly starts: Int32Array
  /** Multiples of T + 1.  [B] */
  readonly rows: readonly number[]
  /** Where each row comes from.  [B] */
  readonly places: readonly MixturePlace[]
}

export interface MixtureBatches {
  /** Full steps of the run. */
  readonly steps: number
  /** A step's batch at once. For shards of folders. Throws OptionError, StorageError, FormatError. */
  at(step: number): MixtureBatch
  /** A step's batch. For any shards. */
  read(step: number): Promise<MixtureBatch>
  /** All batches from a step on, each read while the one before it is used. */
  from(step: number): AsyncIterable<MixtureBatch>
}

/**
 * A run's windows as batches, each a pure function of its step. Step n is windows n G up to (n + 1) G of the run, G = B ranks, and
 * rank r has the r-th B of them: ranks partition the run, and another number of ranks with the same G sees the same steps.
 * Windows that fill no step are left out. Nothing is held but the batch. Throws OptionError.
 */
export function mixtureBatches(mixture: Mixture<TokenShard>, options: MixtureBatchesOptions): MixtureBatches {
  const { batchSize, rank = 0, ranks = 1 } = options
  const where = 'mixtureBatches'
  for (const [name, value] of Object.entries({ batchSize, ranks })) {
    if (!(Number.isInteger(value) && value >= 1)) throw new OptionError(where, `a whole ${name} from 1`, `${value}`)
  }
  if (!(Number.isInteger(rank) && rank >= 0 && rank < ranks))
    throw new OptionError(where, `a rank from 0 to ${ranks - 1}`, `${rank}`)
  checkTokenizers(mixture)
  const stride = mixture.window + 1
  const wide = mixture.sources.some(({ shards }) => shards.some(({ bytesPerToken }) => bytesPerToken === 4))
  const steps = Math.floor(mixture.windows / (batchSize * ranks))

  const placesOf = (step: number): MixturePlace[] => {
    if (!(Number.isInteger(step) && step >= 0 && step < steps)) {
      const hint = steps > 0 ? 'The run ends there; a larger budget goes on.' : 'The budget fills no step.'
      throw new OptionError(where, `a step from 0, below ${steps}`, `${step}`, hint)
    }
    const first = (step * ranks + rank) * batchSize
    return Array.from({ length: batchSize }, (_, row) => mixture.at(first + row))
  }
  const shardOf = ({ source, shard }: MixturePlace) => mixture.sources[source]?.shards[shard] as TokenShard
  const batchOf = (places: readonly MixturePlace[], windows: readonly TokenWindow[]): MixtureBatch => {
    const length = places.length * stride
    const tokens = wide ? new Uint32Array(length) : new Uint16Array(length)
    const starts = new Int32Array(windows.reduce((sum, one) => sum + one.starts.length, 0))
    let at = 0
    windows.forEach((one, row) => {
      tokens.set(one.tokens, row * stride)
      for (const start of one.starts) starts[at++] = row * stride + start
    })
    return { tokens, starts, rows: places.map((_, row) => row * stride), places }
  }
  const read = async (step: number): Promise<MixtureBatch> => {
    const places = placesOf(step)
    const windows = places.map((place) => shardOf(place).window(place.start, place.start + stride))
    return batchOf(places, await Promise.all(windows))
  }
  return {
    steps,
    at(step) {
      const places = placesOf(step)
      return batchOf(
        places,
        places.map((place) => shardOf(place).windowNow(place.start, place.start + stride)),
      )
    },
    read,
    async *from(step) {
      let next = step < steps ? read(step) : undefined
      for (let n = step + 1; next; n++) {
        const batch = await next
        next = n < steps ? read(n) : undefined
        // Whoever stops here never asks for it; its error is then nobody's.
        next?.catch(() => undefined)
        yield batch
      }
    },
  }
}

/** Ids mean nothing beside those of another tokenizer. Shards that do not say theirs are taken at their word. */
function checkTokenizers(mixture: Mixture<TokenShard>): void {
  const shards = mixture.sources.flatMap((source) => source.shards).filter(({ tokenizer }) => tokenizer !== null)
  const other = shards.find(({ tokenizer }) => tokenizer !== shards[0]?.tokenizer)
  if (!other) return
  const got = `"${shards[0]?.tokenizer}" in ${shards[0]?.where} and "${other.tokenizer}" in ${other.where}`
  throw new OptionError('mixtureBatches', 'shards of one tokenizer', got, 'Tokenise all sources alike.')
}
