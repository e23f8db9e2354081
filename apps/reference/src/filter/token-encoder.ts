import { createHash } from 'node:crypto'
import { basename, join, resolve } from 'node:path'
import type { TokenOptions } from '@almanac/data-filter/pipeline'
import { loadTokenizer } from '@almanac/language-model'
import { TOKENIZER_CONFIG_FILE, TOKENIZER_FILE } from '../prepare-data.js'
import { readNamedFile } from '../read-file.js'
import { UsageError } from '../usage-error.js'

/** The tokenizer of a folder, as the pipeline takes it. Throws UsageError where there is none, or none that ends a text. */
export async function readTokenEncoder(folder: string): Promise<TokenOptions> {
  const bytesOf = (file: string) => readNamedFile('filter', 'tokenizer', join(folder, file))
  const json = (file: string, bytes: Uint8Array) => {
    try {
      return JSON.parse(new TextDecoder().decode(bytes))
    } catch {
      throw new UsageError(
        `filter: expected JSON in ${join(folder, file)}, got something else. See "almanac tokenize".`,
      )
    }
  }
  const [own, config] = [await bytesOf(TOKENIZER_FILE), await bytesOf(TOKENIZER_CONFIG_FILE)]
  const tokenizer = loadTokenizer(json(TOKENIZER_FILE, own), json(TOKENIZER_CONFIG_FILE, config), folder)
  const { eosId } = tokenizer
  if (eosId === undefined) {
    throw new UsageError(
      `filter: expected a tokenizer with an end-of-text token in ${folder}, got one without. Name it as eos_token in ${TOKENIZER_CONFIG_FILE}.`,
    )
  }
  const digest = createHash('sha256').update(own).update(config).digest('hex').slice(0, 12)
  return {
    // The same wherever the folder lies: it decides whether a run may go on.
    name: `${basename(resolve(folder))}@${digest}`,
    vocabularySize: tokenizer.vocabularySize,
    endToken: eosId,
    encode: (text) => tokenizer.encode(text),
  }
}
