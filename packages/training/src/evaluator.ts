import { ArgumentError, compile, type Tensor } from '@almanac/tensor-core'

export interface Evaluation {
  /** Mean loss over the windows, in nats a token. */
  readonly nats: number
  /** nats / ln 2 / bytes a token: comparable between tokenizers. */
  readonly bitsPerByte: number
}

export interface EvaluatorOptions<B> {
  /** Mean loss of a batch in nats a token -> []. Nothing in it may draw random numbers. */
  readonly loss: (batch: B) => Tensor
  /** The fixed batches, all of one shape (`heldOutBatches`). */
  readonly batches: readonly (() => B)[]
  /** Average bytes of text behind a token: 1 for byte tokens. Default 1. */
  readonly bytesPerToken?: number
}

/**
 * A function that judges the model as it is now by the same windows every time. Compiled once; changes no State.
 * Throws ArgumentError without batches.
 */
export function evaluator<B>(options: EvaluatorOptions<B>): () => Promise<Evaluation> {
  const { loss, batches, bytesPerToken = 1 } = options
  if (batches.length === 0) throw new ArgumentError('evaluator', 'at least one batch', 'none')
  if (!(bytesPerToken > 0)) throw new ArgumentError('evaluator', 'bytesPerToken above 0', `${bytesPerToken}`)
  const compiled = compile((batch: B) => loss(batch), { name: 'evaluate' })
  return async () => {
    let total = 0
    for (const batch of batches) total += await (await compiled(batch())).item()
    const nats = total / batches.length
    return { nats, bitsPerByte: nats / Math.LN2 / bytesPerToken }
  }
}
