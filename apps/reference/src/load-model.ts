import {
  byteTokenizer,
  Llama,
  type LlamaConfig,
  readLlama2c,
  readLlama2cTokenizer,
  type Tokenizer,
} from '@almanac/language-model'
import { loadStateDict } from '@almanac/tensor-core/nn'
import { fileStorage, openCheckpoint } from '@almanac/training'
import { isFolder, readNamedFile } from './read-file.js'
import { CHECKPOINT_FILE, type RunConfig } from './run-config.js'
import { UsageError } from './usage-error.js'

/** A model with the tokenizer that belongs to it. */
export interface LoadedModel {
  readonly model: Llama
  readonly tokenizer: Tokenizer
}

/**
 * Loads what --checkpoint names: a llama2.c file, which needs --tokenizer, or a folder that `almanac pretrain` or `demo`
 * wrote, which knows its tokenizer.
 */
export async function loadModel(
  command: string,
  checkpoint: string,
  tokenizerFile: string | undefined,
): Promise<LoadedModel> {
  if (await isFolder(command, 'checkpoint', checkpoint)) return loadRun(command, checkpoint)
  const bytes = await readNamedFile(command, 'checkpoint', checkpoint)
  if (tokenizerFile === undefined) {
    throw new UsageError(
      `${command}: expected --tokenizer with a llama2.c checkpoint, got none. Name its tok.bin file.`,
    )
  }
  const { config, tensors } = readLlama2c(bytes, checkpoint)
  const tokenizer = readLlama2cTokenizer(await readNamedFile(command, 'tokenizer', tokenizerFile), tokenizerFile)
  return { model: fill(config, tensors), tokenizer }
}

async function loadRun(command: string, folder: string): Promise<LoadedModel> {
  const found = await openCheckpoint(await fileStorage(folder), CHECKPOINT_FILE)
  if (!found) {
    throw new UsageError(
      `${command}: expected ${CHECKPOINT_FILE} in --checkpoint ${folder}, got none. Train first: "almanac pretrain --out ${folder}".`,
    )
  }
  try {
    const { model } = found.config as unknown as RunConfig
    return { model: fill(model, await found.modelState()), tokenizer: byteTokenizer() }
  } finally {
    await found.close()
  }
}

function fill(config: LlamaConfig, tensors: Parameters<typeof loadStateDict>[1]): Llama {
  const model = new Llama(config)
  loadStateDict(model, tensors)
  return model
}
