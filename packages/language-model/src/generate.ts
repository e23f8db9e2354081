import { ArgumentError, type Compiled, compile, currentDevice, State, type Tensor, tensor } from '@almanac/tensor-core'
import type { LayerCache, Llama } from './models/llama.js'
import { headDimOf } from './models/llama-config.js'
import { type SamplingOptions, sampler } from './sampling/sampler.js'
import type { Tokenizer } from './tokenizers/tokenizer.js'

export interface GenerateOptions extends SamplingOptions {
  /** Tokens to write at most; default: as many as the positions allow. */
  readonly maxTokens?: number
  readonly signal?: AbortSignal
}

/** What generation keeps for a model between texts: its caches and compiled steps. */
interface Decoder {
  readonly layers: readonly LayerCache[]
  readonly step: Compiled<(tokens: Tensor, start: Tensor, last: Tensor) => Tensor>
}

const decoders = new WeakMap<Llama, Decoder>()

/** Prompts are filled up to a power of two, so that few programs serve all lengths: up to 2^20 positions. */
const PROMPT_FORMS = 24

function decoderOf(model: Llama): Decoder {
  const known = decoders.get(model)
  if (known) return known
  const { layers: count, kvHeads, maxPositions } = model.config
  const shape = [1, maxPositions, kvHeads, headDimOf(model.config)]
  const device = model.parameters()[0]?.device ?? currentDevice()
  const cell = (name: string) => {
    const state = new State({ shape }, { device, name })
    state.assign(0)
    return state
  }
  const layers = Array.from({ length: count }, (_, i) => ({ k: cell(`cache.${i}.k`), v: cell(`cache.${i}.v`) }))
  const step = compile(
    (tokens: Tensor, start: Tensor, last: Tensor) => model.nextLogits(tokens, last, { start, layers }),
    { name: 'decode', retraceLimit: PROMPT_FORMS },
  )
  const decoder = { layers, step }
  decoders.set(model, decoder)
  return decoder
}

const scalar = (value: number) => tensor(value, { dtype: 'int32' })

/**
 * Continues a prompt, piece by piece: the pieces joined are the text after it. One text at a time for a model. Ends at the
 * end-of-text token, after `maxTokens`, where the positions end, or with AbortError when the signal fires.
 * Throws ArgumentError for a prompt that is longer than the positions.
 */
export async function* generate(
  model: Llama,
  tokenizer: Tokenizer,
  prompt: string,
  options: GenerateOptions = {},
): AsyncGenerator<string, void, void> {
  const { maxPositions } = model.config
  if (tokenizer.vocabularySize > model.config.vocabSize) {
    throw new ArgumentError(
      'generate',
      `a tokenizer of at most ${model.config.vocabSize} tokens, the model's vocabulary`,
      `${tokenizer.vocabularySize}`,
      'Use the tokenizer that the model was trained with.',
    )
  }
  const ids = tokenizer.encode(prompt)
  if (ids.length === 0 || ids.length > maxPositions) {
    throw new ArgumentError('generate', `a prompt of 1 to ${maxPositions} tokens`, `${ids.length}`, 'Shorten it.')
  }
  const draw = sampler(options)
  const { step } = decoderOf(model)
  const run = options.signal ? step.with({ signal: options.signal }) : step
  const text = tokenizer.stream()
  // The decoder has to know what came before: some tokenizers treat the first word differently.
  for (const id of ids) text.push(id)

  let start = 0
  let next = ids
  const limit = Math.min(options.maxTokens ?? Number.POSITIVE_INFINITY, maxPositions - ids.length + 1)
  for (let written = 0; written < limit; written++) {
    const padded = Math.min(2 ** Math.ceil(Math.log2(next.length)), maxPositions - start)
    const tokens = tensor(
      Int32Array.from({ length: padded }, (_, i) => next[i] ?? 0),
      { shape: [1, padded] },
    )
    const logits = await run(tokens, scalar(start), scalar(next.length - 1))
    const id = draw(await logits.data())
    start += next.length
    if (id === tokenizer.eosId || (id === tokenizer.bosId && written > 0)) break
    const piece = text.push(id)
    if (piece !== '') yield piece
    next = [id]
  }
  const rest = text.end()
  if (rest !== '') yield rest
}
