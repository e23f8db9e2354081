import { interpolatedBigram, kneserNeyTrigram, type Llama } from '@almanac/language-model'
import { compile, crossEntropy } from '@almanac/tensor-core'
import {
  bootstrapInterval,
  heldOutBatches,
  type Interval,
  type PackedDocuments,
  type TokenBatch,
} from '@almanac/training'

/** Means over all held-out windows, in nats a token. */
export interface CountComparison {
  readonly tokens: number
  readonly model: number
  readonly bigram: number
  readonly trigram: number
  /** How much less the model loses than the bigram, with its 95 % interval over windows; negative: more. */
  readonly overBigram: Interval
  readonly overTrigram: Interval
}

/** Of the training tokens, the end that the bigram's weights are found on, before all of them are counted. */
const TUNING = 0.05

/**
 * The trained model beside what counting gives, on the same held-out windows: a bigram with tuned weights and a Kneser-Ney
 * trigram, both of the same training tokens. The counts see the two tokens before a window too; the model does not.
 */
export async function compareWithCounts(
  model: Llama,
  data: { readonly train: PackedDocuments; readonly heldOut: PackedDocuments },
  contextLength: number,
): Promise<CountComparison> {
  const { vocabSize } = model.config
  const { tokens } = data.train
  const cut = Math.round(tokens.length * (1 - TUNING))
  const { weights } = interpolatedBigram(tokens.subarray(0, cut), vocabSize, { heldOut: tokens.subarray(cut) })
  const bigram = interpolatedBigram(tokens, vocabSize, { weights })
  const trigram = kneserNeyTrigram(tokens, vocabSize)

  // A loss a window: the mean over its tokens.
  const nats = compile(
    ({ inputs, targets, firsts }: TokenBatch) =>
      crossEntropy(model.forward(inputs, firsts ? { firsts } : {}), targets, { reduction: 'none' }).mean(-1),
    { name: 'held-out loss' },
  )
  const windows: { model: number; bigram: number; trigram: number }[] = []
  const held = data.heldOut.tokens
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length
  for (const batch of heldOutBatches(data.heldOut, { batchSize: 1, contextLength })) {
    for (const loss of await (await nats(batch())).data()) {
      // One a batch, the windows lie one behind the other from the beginning.
      const from = windows.length * contextLength + 1
      const count = (by: { nats(tokens: ArrayLike<number>, from: number, to: number): Float64Array }) =>
        mean(by.nats(held, from, from + contextLength))
      windows.push({ model: loss, bigram: count(bigram), trigram: count(trigram) })
    }
  }
  const column = (name: 'model' | 'bigram' | 'trigram') => windows.map((window) => window[name])
  const average = (name: 'model' | 'bigram' | 'trigram') => mean(Float64Array.from(column(name)))
  const over = (name: 'bigram' | 'trigram') => bootstrapInterval(windows.map((window) => window[name] - window.model))
  return {
    tokens: windows.length * contextLength,
    model: average('model'),
    bigram: average('bigram'),
    trigram: average('trigram'),
    overBigram: over('bigram'),
    overTrigram: over('trigram'),
  }
}
