import {
  bpeTokenizerJson,
  type HuggingFaceTokenizer,
  type HuggingFaceTokenizerConfig,
  loadTokenizer,
  type Tokenizer,
  trainBpe,
} from '@almanac/language-model'
import { openSafetensors, type SafetensorsTensorSource, safetensorsChunks } from '@almanac/tensor-core/safetensors'
import { type CheckpointStorage, type PackedDocuments, packDocuments } from '@almanac/training'
import { type Corpus, corpusBytes, corpusDigest, splitCorpus } from './corpus.js'
import { bar, duration, type progressLine } from './progress-line.js'
import { UsageError } from './usage-error.js'

export const TOKENIZER_FILE = 'tokenizer.json'
export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json'
const TOKENS_FILE = 'tokens.safetensors'

const BOS = '<|begin_of_text|>'
const EOS = '<|end_of_text|>'
/** Every byte and the two special tokens. */
export const LEAST_VOCABULARY = 258

export interface PreparedData {
  readonly tokenizer: Tokenizer
  readonly tokenizerJson: HuggingFaceTokenizer
  readonly tokenizerConfig: HuggingFaceTokenizerConfig
  readonly train: PackedDocuments
  readonly heldOut: PackedDocuments
  /** Of the held-out text. */
  readonly bytesPerToken: number
}

export interface PrepareOptions {
  readonly corpus: Corpus
  readonly storage: CheckpointStorage
  readonly vocabSize: number
  /** Longest text of the model that is to come, for tokenizer_config.json. */
  readonly maxPositions: number
  readonly line: ReturnType<typeof progressLine>
  readonly signal?: AbortSignal
}

/**
 * Trains a tokenizer on a corpus and encodes it, document by document between begin- and end-of-text, the last twentieth
 * held out. What the folder holds already, of the same corpus and size, is taken from there.
 */
export async function prepareData(options: PrepareOptions): Promise<PreparedData> {
  const { corpus, storage, vocabSize, line, signal } = options
  const key = { corpus: corpusDigest(corpus), vocabSize: `${vocabSize}` }
  const split = splitCorpus(corpus)
  const stored = await readTokens(storage, key)
  const json = stored && ((await readJson(storage, TOKENIZER_FILE)) as HuggingFaceTokenizer | null)
  const config: HuggingFaceTokenizerConfig = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: BOS,
    eos_token: EOS,
    model_max_length: options.maxPositions,
    clean_up_tokenization_spaces: false,
  }
  const tokenizerJson = json ?? (await trainTokenizer(split.train, vocabSize, line, signal))
  const tokenizer = loadTokenizer(tokenizerJson, config, TOKENIZER_FILE)
  const encoded = json && stored ? stored : await encode(split, tokenizer, line, signal)
  if (!json || !stored) {
    await storage.write(TOKENIZER_FILE, jsonChunks(tokenizerJson))
    await storage.write(TOKENIZER_CONFIG_FILE, jsonChunks(config))
    // Last: a folder that has the tokens has their tokenizer.
    await writeTokens(storage, encoded, key)
  }
  const heldOutBytes = split.heldOut.reduce((total, document) => total + document.length, 0)
  const bytesPerToken = heldOutBytes / encoded.heldOut.tokens.length
  return { tokenizer, tokenizerJson, tokenizerConfig: config, ...encoded, bytesPerToken }
}

async function trainTokenizer(
  documents: readonly Uint8Array[],
  vocabSize: number,
  line: PrepareOptions['line'],
  signal: AbortSignal | undefined,
): Promise<HuggingFaceTokenizer> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const texts = function* () {
    for (const document of documents) yield decoder.decode(document)
  }
  const characters = documents.reduce((total, document) => total + document.length, 0)
  const vocabulary = await trainBpe(texts(), {
    vocabSize,
    specialTokens: [BOS, EOS],
    characters,
    ...(signal ? { signal } : {}),
    onProgress({ phase, done, total = done, etaSeconds = 0 }) {
      line.update(`${bar(done / total)} tokenizer: ${phase}  ${duration(etaSeconds)} left`)
    },
  })
  line.note(
    `tokenizer: ${vocabulary.size} tokens from ${vocabulary.distinctWords.toLocaleString('en')} different words`,
  )
  return bpeTokenizerJson(vocabulary, { bos: BOS })
}

type Encoded = Pick<PreparedData, 'train' | 'heldOut'>

async function encode(
  split: ReturnType<typeof splitCorpus>,
  tokenizer: Tokenizer,
  line: PrepareOptions['line'],
  signal: AbortSignal | undefined,
): Promise<Encoded> {
  const total = corpusBytes({ name: '', documents: [...split.train, ...split.heldOut] })
  const begun = performance.now()
  let done = 0
  const all = async (documents: readonly Uint8Array[]): Promise<PackedDocuments> => {
    const ids: number[][] = []
    for (const document of documents) {
      ids.push([tokenizer.bosId as number, ...tokenizer.encodeBytes(document), tokenizer.eosId as number])
      done += document.length
      const left = ((performance.now() - begun) / 1000 / done) * (total - done)
      line.update(`${bar(done / total)} encoding  ${duration(left)} left`)
      await new Promise((resolve) => setImmediate(resolve))
      signal?.throwIfAborted()
    }
    return packDocuments(ids)
  }
  const encoded = { train: await all(split.train), heldOut: await all(split.heldOut) }
  const count = encoded.train.tokens.length + encoded.heldOut.tokens.length
  line.note(`tokens: ${count.toLocaleString('en')}, ${(total / count).toFixed(2)} bytes each`)
  return encoded
}

async function writeTokens(storage: CheckpointStorage, { train, heldOut }: Encoded, key: Record<string, string>) {
  const entry = (name: string, values: ArrayLike<number>): [string, SafetensorsTensorSource] => {
    const ints = Int32Array.from(values)
    return [name, { dtype: 'I32', shape: [ints.length], bytes: new Uint8Array(ints.buffer) }]
  }
  const entries = Object.entries({ train, heldOut }).flatMap(([name, { tokens, starts }]) => [
    entry(`${name}.tokens`, tokens),
    entry(`${name}.starts`, starts),
  ])
  await storage.write(TOKENS_FILE, safetensorsChunks(entries, key))
}

/** The tokens in the folder, or null where there are none of this corpus and vocabulary. */
async function readTokens(storage: CheckpointStorage, key: Record<string, string>): Promise<Encoded | null> {
  const source = await storage.read(TOKENS_FILE)
  if (!source) return null
  try {
    const file = await openSafetensors(source, { where: TOKENS_FILE })
    if (Object.entries(key).some(([name, value]) => file.metadata[name] !== value)) return null
    const read = async (name: string) => new Int32Array((await file.read(name)).bytes.slice().buffer)
    const documents = async (name: string) => ({
      tokens: await read(`${name}.tokens`),
      starts: await read(`${name}.starts`),
    })
    return { train: await documents('train'), heldOut: await documents('heldOut') }
  } finally {
    await source.close?.()
  }
}

export async function readJson(storage: CheckpointStorage, name: string): Promise<unknown> {
  const source = await storage.read(name)
  if (!source) return null
  try {
    return JSON.parse(new TextDecoder().decode(await source.read(0, source.size)))
  } catch (error) {
    throw new UsageError(`${name}: expected JSON, got ${(error as Error).message}. Write the file anew.`)
  } finally {
    await source.close?.()
  }
}

export async function* jsonChunks(value: unknown): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`)
}
