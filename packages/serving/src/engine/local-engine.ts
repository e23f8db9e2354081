import { generateTokens, type Llama } from '@almanac/language-model'
import type { HuggingFaceTokenizerConfig, Tokenizer } from '@almanac/language-model/tokenizers'
import { AbortError } from '@almanac/tensor-core'
import { chatTemplateOf } from '../chat/chat-template.js'
import type { CompletionRequest, Engine, EngineEvent } from './engine.js'
import { RequestError } from './request-error.js'
import { stopFilter } from './stop-strings.js'

export interface LocalEngineOptions {
  /** The name that clients ask for. */
  readonly id: string
  /** For the chat template and the tokens that end a text. */
  readonly tokenizerConfig?: HuggingFaceTokenizerConfig
  /** Tokens that end a text, beside the tokenizer's own. */
  readonly eosIds?: readonly number[]
}

/**
 * An engine in this thread: one text at a time (the server's queue sees to that). Events come to be heard between tokens,
 * so that an abort acts within one. Throws RequestError for a tokenizer that does not fit the model.
 */
export function localEngine(model: Llama, tokenizer: Tokenizer, options: LocalEngineOptions): Engine {
  const { vocabSize, maxPositions } = model.config
  if (tokenizer.vocabularySize > vocabSize) {
    throw new RequestError(
      options.id,
      `a tokenizer of at most ${vocabSize} tokens, the model's vocabulary`,
      `${tokenizer.vocabularySize}`,
      'Use the tokenizer that the model was trained with.',
    )
  }
  const template = chatTemplateOf(options.tokenizerConfig)
  const stopIds = [tokenizer.eosId, tokenizer.bosId, ...(options.eosIds ?? [])]
  const counts = { completed: 0, aborted: 0, failed: 0, tokens: 0 }

  const idsOf = ({ prompt }: CompletionRequest): readonly number[] => {
    if ('ids' in prompt) return checkIds(prompt.ids, vocabSize)
    if ('text' in prompt) return tokenizer.encode(prompt.text)
    return tokenizer.encode(template.render(prompt.messages), { specials: template.specials })
  }
  const write = async function* (request: CompletionRequest, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const field = 'messages' in request.prompt ? 'messages' : 'prompt'
    const ids = idsOf(request)
    if (ids.length === 0) throw new RequestError(field, 'a text of one token or more', 'nothing', 'Write something.')
    if (ids.length >= maxPositions) {
      throw new RequestError(
        field,
        `at most ${maxPositions - 1} tokens, to leave one of the model's ${maxPositions} positions for an answer`,
        `${ids.length}`,
        'Shorten it.',
      )
    }
    yield { type: 'start', promptTokens: ids.length }
    const text = tokenizer.stream()
    // The decoder has to know what came before: some tokenizers treat the first word differently.
    for (const id of ids) text.push(id)
    const filter = stopFilter(request.stop ?? [])
    const room = maxPositions - ids.length
    const { prompt: _, stop: __, maxTokens, ...sampling } = request
    const tokens = generateTokens(model, ids, {
      ...sampling,
      maxTokens: Math.min(maxTokens ?? room, room),
      stopIds,
      signal,
    })
    let completionTokens = 0
    for (;;) {
      // A macrotask, so that an abort or another message can come in.
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (signal.aborted) throw new AbortError('complete')
      const { value, done } = await tokens.next()
      if (!done) {
        completionTokens++
        counts.tokens++
      }
      const piece = filter.push(done ? text.end() : text.push(value))
      if (piece.text !== '') yield { type: 'text', text: piece.text }
      if (piece.stopped) return yield { type: 'end', reason: 'stop', completionTokens }
      if (!done) continue
      const rest = filter.end()
      if (rest !== '') yield { type: 'text', text: rest }
      return yield { type: 'end', reason: value, completionTokens }
    }
  }
  return {
    model: { id: options.id, created: Math.floor(Date.now() / 1000), vocabularySize: vocabSize, maxPositions },
    async *complete(request, signal) {
      let ended = false
      try {
        for await (const event of write(request, signal)) {
          ended = event.type === 'end'
          if (ended) counts.completed++
          yield event
        }
      } catch (error) {
        ended = true
        if (signal.aborted) counts.aborted++
        else counts.failed++
        throw error
      } finally {
        // The reader went away in the middle.
        if (!ended) counts.aborted++
      }
    },
    stats: () => ({ ...counts }),
    async close() {},
  }
}

function checkIds(ids: readonly number[], vocabSize: number): readonly number[] {
  const stranger = ids.find((id) => id >= vocabSize)
  if (stranger === undefined) return ids
  throw new RequestError('prompt', `token ids from 0 to ${vocabSize - 1}, the model's vocabulary`, `${stranger}`)
}
