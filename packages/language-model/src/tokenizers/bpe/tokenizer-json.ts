import { ArgumentError } from '@almanac/tensor-core'
import type { HuggingFaceTokenizer } from '../tokenizer-files.js'
import type { BpeVocabulary } from './train-bpe.js'

/**
 * The vocabulary as Hugging Face's tokenizer.json: byte-level BPE, split by the pattern. `bos`, one of its special tokens,
 * is put before every text. Throws ArgumentError for a bos that is none of them.
 */
export function bpeTokenizerJson(
  vocabulary: BpeVocabulary,
  options: { readonly bos?: string } = {},
): HuggingFaceTokenizer {
  const { bos } = options
  if (bos !== undefined && !vocabulary.specialTokens.includes(bos)) {
    throw new ArgumentError(
      'bpeTokenizerJson',
      `a bos among the special tokens (${vocabulary.specialTokens.join(', ')})`,
      bos,
    )
  }
  const { tokens } = vocabulary
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: vocabulary.specialTokens.map((content, i) => ({
      id: tokens.length + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: vocabulary.pattern.source }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: bos === undefined ? null : beginWith(bos, tokens.length + vocabulary.specialTokens.indexOf(bos)),
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((text, id) => [text, id])),
      merges: vocabulary.merges.map(([left, right]) => [tokens[left] as string, tokens[right] as string]),
    },
  }
}

function beginWith(bos: string, id: number): Readonly<Record<string, unknown>> {
  const special = { SpecialToken: { id: bos, type_id: 0 } }
  const sequence = (name: string, type: number) => ({ Sequence: { id: name, type_id: type } })
  return {
    type: 'TemplateProcessing',
    single: [special, sequence('A', 0)],
    pair: [special, sequence('A', 0), sequence('B', 1)],
    special_tokens: { [bos]: { id: bos, ids: [id], tokens: [bos] } },
  }
}
