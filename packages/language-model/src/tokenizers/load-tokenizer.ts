import { ArgumentError } from '@almanac/tensor-core'
import { Tokenizer as HuggingFace } from '@huggingface/tokenizers'
import { fromByteCharacters } from './bpe/byte-characters.js'
import { byteStreamDecoder } from './byte-stream-decoder.js'
import { encodeBytesWith } from './encode-bytes.js'
import { joinBytes } from './join-bytes.js'
import type { Tokenizer } from './tokenizer.js'
import { TokenizerError } from './tokenizer-error.js'
import type { HuggingFaceTokenizer, HuggingFaceTokenizerConfig } from './tokenizer-files.js'

/** Words whose ids are kept: text repeats its words, and the library looks each up anew. */
const CACHED_WORDS = 2 ** 18

/**
 * A tokenizer from the objects of Hugging Face's tokenizer.json and tokenizer_config.json (byte-level BPE: GPT-2's, Llama
 * 3's, Qwen's and those of `trainBpe`). Words are split and merged by @huggingface/tokenizers; the ids of words that were
 * seen are kept. Decoding joins bytes, so that no text is tidied up on the way.
 *
 * Special tokens in a text are text: `encode(text, { specials: true })` reads them as tokens, as chat templates need.
 * Throws TokenizerError for an object of another form.
 */
export function loadTokenizer(
  tokenizer: unknown,
  config: HuggingFaceTokenizerConfig = {},
  where = 'tokenizer.json',
): Tokenizer {
  const json = checkTokenizer(tokenizer, where)
  const library = open(json, config, where)
  let size = 0
  for (const id of idsOf(json)) size = Math.max(size, id + 1)
  const special = new Set(json.added_tokens.filter((token) => token.special).map(({ id }) => id))
  const pieces = new Array<Uint8Array>(size).fill(NOTHING)
  for (const [text, id] of Object.entries(json.model.vocab)) {
    const bytes = fromByteCharacters(text)
    if (!bytes) {
      const hint = 'Only byte-level BPE is read here (ByteLevel pre-tokenizer and decoder).'
      throw new TokenizerError(where, 'tokens of byte characters', JSON.stringify(text), hint)
    }
    pieces[id] = bytes
  }
  for (const { id, content, special } of json.added_tokens) {
    pieces[id] = special ? NOTHING : new TextEncoder().encode(content)
  }

  const words = new Map<string, readonly number[]>()
  const idsOfWord = (word: string): readonly number[] => {
    const known = words.get(word)
    if (known) return known
    const ids = (library.model as (words: string[]) => string[])([word]).map(
      (token) => json.model.vocab[token] as number,
    )
    if (words.size < CACHED_WORDS) words.set(word, ids)
    return ids
  }
  const encodePlain = (text: string): number[] => {
    if (text === '') return []
    const normal = library.normalizer ? (library.normalizer as (text: string) => string)(text) : text
    const split = library.pre_tokenizer as ((text: string) => string[]) | null
    const ids: number[] = []
    for (const word of split ? split(normal) : [normal]) for (const id of idsOfWord(word)) ids.push(id)
    return ids
  }
  const idOfToken = (token: HuggingFaceTokenizerConfig['bos_token']): number | undefined => {
    const content = typeof token === 'string' ? token : token?.content
    if (content === undefined) return undefined
    return json.added_tokens.find((added) => added.content === content)?.id ?? json.model.vocab[content]
  }
  const [bosId, eosId] = [idOfToken(config.bos_token), idOfToken(config.eos_token)]
  const withSpecials = library.encode('a', { add_special_tokens: true }).ids
  const startsWithBos = bosId !== undefined && (withSpecials[0] === bosId || config['add_bos_token'] === true)
  const bytesOf = (id: number): Uint8Array => {
    const bytes = pieces[id]
    if (bytes) return bytes
    throw new ArgumentError('tokenizer.decode', `ids from 0 to ${size - 1}`, `${id}`)
  }
  const decodeBytes = (ids: readonly number[]): Uint8Array => joinBytes(ids.map(bytesOf))
  const byteIds = Int32Array.from({ length: 256 }, () => -1)
  pieces.forEach((bytes, id) => {
    if (bytes.length === 1 && !special.has(id)) byteIds[bytes[0] as number] = id
  })
  return {
    vocabularySize: size,
    bosId,
    eosId,
    encode(text, { bos = true, specials = false } = {}) {
      const ids = specials && text !== '' ? library.encode(text, { add_special_tokens: false }).ids : encodePlain(text)
      return bos && startsWithBos && ids[0] !== bosId ? [bosId, ...ids] : ids
    },
    decode: (ids) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(decodeBytes(ids)),
    encodeBytes: (bytes) => encodeBytesWith(bytes, encodePlain, (byte) => byteIds[byte] as number),
    decodeBytes,
    stream: () => byteStreamDecoder(bytesOf),
  }
}

const NOTHING = new Uint8Array(0)

function* idsOf(json: HuggingFaceTokenizer): Generator<number> {
  yield* Object.values(json.model.vocab)
  for (const { id } of json.added_tokens) yield id
}

function checkTokenizer(value: unknown, where: string): HuggingFaceTokenizer {
  const refuse = (expected: string, got: unknown): TokenizerError =>
    new TokenizerError(
      where,
      expected,
      got === undefined ? 'none' : (JSON.stringify(got)?.slice(0, 60) ?? String(got)),
      'The file is damaged or no Hugging Face tokenizer.json; tok.bin files go to readLlama2cTokenizer.',
    )
  const isObject = (x: unknown): x is Record<string, unknown> =>
    typeof x === 'object' && x !== null && !Array.isArray(x)
  if (!isObject(value)) throw refuse('a JSON object', value)
  const { model, added_tokens: added = [] } = value
  if (!isObject(model) || (model['type'] !== undefined && model['type'] !== 'BPE')) {
    throw refuse('a model of type "BPE"', isObject(model) ? model['type'] : model)
  }
  const { vocab, merges } = model
  const isId = (id: unknown) => Number.isInteger(id) && (id as number) >= 0 && (id as number) < 2 ** 24
  if (!isObject(vocab) || Object.keys(vocab).length === 0) throw refuse('a vocab of tokens and ids', vocab)
  const wrong = Object.entries(vocab).find(([, id]) => !isId(id))
  if (wrong) throw refuse('whole ids in the vocab', Object.fromEntries([wrong]))
  if (!Array.isArray(merges)) throw refuse('a list of merges', merges)
  const pair = (m: unknown) =>
    typeof m === 'string' || (Array.isArray(m) && m.length === 2 && m.every((part) => typeof part === 'string'))
  const odd = merges.find((m) => !pair(m))
  if (odd !== undefined) throw refuse('merges of two tokens', odd)
  const isAdded = (t: unknown) => isObject(t) && isId(t['id']) && typeof t['content'] === 'string'
  if (!Array.isArray(added) || !added.every(isAdded)) throw refuse('added_tokens with ids and contents', added)
  return {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...value,
    added_tokens: added,
  } as never
}

function open(json: HuggingFaceTokenizer, config: HuggingFaceTokenizerConfig, where: string): HuggingFace {
  try {
    return new HuggingFace(json, config)
  } catch (error) {
    throw new TokenizerError(where, 'a tokenizer that @huggingface/tokenizers reads', (error as Error).message)
  }
}
