import { type LlamaCheckpoint, readLlama, readLlama2c } from '@almanac/language-model'
import { fileStorage } from '@almanac/training'
import { isFolder, readNamedFile } from './read-file.js'
import { CHECKPOINT_FILE } from './run-config.js'
import { UsageError } from './usage-error.js'

/** The weights that --checkpoint names, in a llama2.c file or a folder in Hugging Face's layout, without a tokenizer. */
export async function readCheckpoint(command: string, checkpoint: string): Promise<LlamaCheckpoint> {
  if (await isFolder(command, 'checkpoint', checkpoint)) {
    await checkFinished(command, checkpoint)
    return readLlama(checkpoint)
  }
  return readLlama2c(await readNamedFile(command, 'checkpoint', checkpoint), checkpoint)
}

/** Throws UsageError for a folder without a finished model. */
export async function checkFinished(command: string, folder: string): Promise<void> {
  const names = await (await fileStorage(folder)).list()
  if (names.includes('config.json')) return
  throw new UsageError(
    names.includes(CHECKPOINT_FILE)
      ? `${command}: expected a finished model in --checkpoint ${folder}, got a run that is not at its end. Start it again: it goes on.`
      : `${command}: expected config.json and model.safetensors in --checkpoint ${folder}, got neither. Train first: "almanac pretrain --out ${folder}".`,
  )
}
