import {
  type HuggingFaceTokenizerConfig,
  type Llama,
  llamaOf,
  loadTokenizer,
  readLlama,
  readLlama2c,
  readLlama2cTokenizer,
  type Tokenizer,
} from '@almanac/language-model'
import { fileStorage } from '@almanac/training'
import { readJson, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE } from './prepare-data.js'
import { checkFinished } from './read-checkpoint.js'
import { isFolder, readNamedFile } from './read-file.js'
import { UsageError } from './usage-error.js'

/** A model with the tokenizer that belongs to it. */
export interface LoadedModel {
  readonly model: Llama
  readonly tokenizer: Tokenizer
  readonly tokenizerConfig: HuggingFaceTokenizerConfig
  /** Tokens that end a text, beside the tokenizer's own. */
  readonly eosIds: readonly number[]
}

/**
 * Loads what --checkpoint names: a llama2.c file, which needs --tokenizer, or a folder in Hugging Face's layout, as
 * `almanac pretrain` and `demo` write it.
 */
export async function loadModel(
  command: string,
  checkpoint: string,
  tokenizerFile: string | undefined,
): Promise<LoadedModel> {
  if (await isFolder(command, 'checkpoint', checkpoint)) return loadFolder(command, checkpoint)
  const bytes = await readNamedFile(command, 'checkpoint', checkpoint)
  if (tokenizerFile === undefined) {
    throw new UsageError(
      `${command}: expected --tokenizer with a llama2.c checkpoint, got none. Name its tok.bin file.`,
    )
  }
  const read = readLlama2c(bytes, checkpoint)
  const tokenizer = readLlama2cTokenizer(await readNamedFile(command, 'tokenizer', tokenizerFile), tokenizerFile)
  checkVocabulary(command, tokenizer, read.config.vocabSize)
  return { model: llamaOf(read), tokenizer, tokenizerConfig: {}, eosIds: [] }
}

async function loadFolder(command: string, folder: string): Promise<LoadedModel> {
  await checkFinished(command, folder)
  const storage = await fileStorage(folder)
  const json = await readJson(storage, TOKENIZER_FILE)
  if (json === null) {
    throw new UsageError(`${command}: expected ${TOKENIZER_FILE} in --checkpoint ${folder}, got none. Copy it there.`)
  }
  const tokenizerConfig = ((await readJson(storage, TOKENIZER_CONFIG_FILE)) ?? {}) as HuggingFaceTokenizerConfig
  const tokenizer = loadTokenizer(json, tokenizerConfig, `${folder}/${TOKENIZER_FILE}`)
  const read = await readLlama(folder)
  checkVocabulary(command, tokenizer, read.config.vocabSize)
  return { model: llamaOf(read), tokenizer, tokenizerConfig, eosIds: read.generation.eosIds ?? [] }
}

/** Throws UsageError where a tokenizer has tokens that the model does not know. */
export function checkVocabulary(command: string, tokenizer: Tokenizer, vocabSize: number): void {
  if (tokenizer.vocabularySize <= vocabSize) return
  throw new UsageError(
    `${command}: expected a tokenizer of at most ${vocabSize} tokens, the model's vocabulary, got ${tokenizer.vocabularySize}. Use the tokenizer that the model was trained with.`,
  )
}
