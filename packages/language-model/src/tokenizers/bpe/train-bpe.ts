import { ArgumentError } from '@almanac/tensor-core'
import { ALPHABET } from './byte-characters.js'
import { countWords } from './count-words.js'
import { mergePairs } from './merge-pairs.js'
import { LLAMA3_PATTERN, type SplitPattern } from './split-pattern.js'

export interface BpeProgress {
  readonly phase: 'counting' | 'merging'
  /** UTF-16 units counted, or tokens made. */
  readonly done: number
  /** Of how many; unknown while counting unless `characters` was given. */
  readonly total?: number
  /** Seconds that are left of the phase; unknown as long as `total` is. */
  readonly etaSeconds?: number
}

export interface TrainBpeOptions {
  /** V: bytes, merged and special tokens together. */
  readonly vocabSize: number
  /** Tokens that no text is merged into; they take the last ids. Default: none. */
  readonly specialTokens?: readonly string[]
  /** Default: Llama 3's. */
  readonly pattern?: SplitPattern
  /** Pairs that occur less often are not merged. Default 2. */
  readonly minFrequency?: number
  /** UTF-16 units to come, for the ETA while counting. */
  readonly characters?: number
  readonly onProgress?: (progress: BpeProgress) => void
  readonly signal?: AbortSignal
}

/** A trained byte-level vocabulary: 256 bytes, then what merges make, then the special tokens. */
export interface BpeVocabulary {
  readonly pattern: SplitPattern
  /** Each token but the special ones, as the characters of its bytes (`toByteCharacters`); the bytes come first. */
  readonly tokens: readonly string[]
  /** Pairs of ids in the order in which they are joined. */
  readonly merges: readonly (readonly [left: number, right: number])[]
  readonly specialTokens: readonly string[]
  /** Tokens in all; fewer than asked where the text has no more frequent pairs. */
  readonly size: number
  /** What was counted. */
  readonly distinctWords: number
  readonly characters: number
}

/**
 * Trains a byte-level BPE vocabulary on texts, each split into words for itself (`wholeWords` joins pieces of one long
 * text). The result depends on the words and their counts alone. Memory grows with the distinct words.
 * Sennrich, Haddow and Birch 2016, arXiv 1508.07909; on bytes: Radford et al. 2019, GPT-2, section 2.2.
 * Rejects with ArgumentError for a vocabulary below 256 and the special tokens, with AbortError when the signal fires.
 */
export async function trainBpe(
  texts: Iterable<string> | AsyncIterable<string>,
  options: TrainBpeOptions,
): Promise<BpeVocabulary> {
  const { vocabSize, specialTokens = [], pattern = LLAMA3_PATTERN, minFrequency = 2, onProgress, signal } = options
  const room = vocabSize - ALPHABET.length - specialTokens.length
  if (!Number.isSafeInteger(vocabSize) || room < 0) {
    throw new ArgumentError(
      'trainBpe',
      `a vocabSize of at least ${ALPHABET.length + specialTokens.length}, bytes and special tokens`,
      `${vocabSize}`,
    )
  }
  const twice = specialTokens.find((token, i) => token === '' || specialTokens.indexOf(token) !== i)
  if (twice !== undefined) throw new ArgumentError('trainBpe', 'different special tokens', `'${twice}'`)
  if (!(minFrequency >= 1)) throw new ArgumentError('trainBpe', 'a minFrequency of 1 or more', `${minFrequency}`)

  const tell = (phase: BpeProgress['phase'], total: number | undefined) => {
    const start = performance.now()
    return (done: number) => {
      if (!onProgress) return
      const seconds = (performance.now() - start) / 1000
      const rest = total === undefined ? {} : { total, etaSeconds: (seconds * Math.max(0, total - done)) / done }
      onProgress({ phase, done, ...rest })
    }
  }
  const { counts, characters } = await countWords(texts, pattern, {
    onSlice: tell('counting', options.characters),
    signal,
  })
  const onTokens = tell('merging', room)
  const { merges, tokens } = await mergePairs(counts, { tokens: room, minFrequency, onTokens, signal })
  return {
    pattern,
    tokens,
    merges,
    specialTokens,
    size: tokens.length + specialTokens.length,
    distinctWords: counts.size,
    characters,
  }
}
