import { FormatError } from '../data-filter-error.js'
import type { TokenShard } from './token-shard.js'

/** Tokens read at once. */
const PIECE = 2 ** 18

/** Reads a whole shard to see that every id is below the vocabulary's size. Throws FormatError naming the first that is not, StorageError. */
export async function checkTokenIds(shard: TokenShard, vocabularySize: number): Promise<void> {
  let at = 0
  for await (const { tokens } of shard.windows(0, PIECE)) {
    for (let i = 0; i < tokens.length; i++) {
      if ((tokens[i] as number) < vocabularySize) continue
      const got = `${tokens[i]} at token ${at + i}`
      throw new FormatError(
        shard.where,
        `ids below ${vocabularySize}`,
        got,
        'Another tokenizer wrote it, or it is damaged.',
      )
    }
    at += tokens.length
  }
}
