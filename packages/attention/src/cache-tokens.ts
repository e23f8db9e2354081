import type { BlockTables } from './block-tables.js'
import { CacheError } from './cache-error.js'

/** The next tokens of a sequence. */
export interface CacheTokens {
  readonly sequence: number
  /** How many. */
  readonly tokens: number
  /** Where the caller takes them to stand; they must follow what the sequence holds. Default: unchecked. */
  readonly positions?: readonly number[]
}

/** How many tokens there are in all, once it is sure that each sequence comes once and goes on where it ended. */
export function checkTokens(given: readonly CacheTokens[], tables: BlockTables, name: string): number {
  const seen = new Set<number>()
  for (const { sequence, tokens, positions } of given) {
    const where = `${name}, sequence ${sequence}`
    const length = tables.length(sequence)
    if (seen.has(sequence)) {
      throw new CacheError(where, 'each sequence at most once a step', 'it again', 'Join its tokens.')
    }
    seen.add(sequence)
    if (!Number.isSafeInteger(tokens) || tokens < 1) {
      throw new CacheError(where, 'a whole number of tokens from 1', `${tokens}`)
    }
    if (!positions) continue
    if (positions.length !== tokens) {
      throw new CacheError(where, `${tokens} positions, one a token`, `${positions.length}`)
    }
    const wrong = positions.findIndex((position, i) => position !== length + i)
    if (wrong < 0) continue
    const [expected, got] = [length + wrong, positions[wrong] as number]
    throw new CacheError(
      where,
      `position ${expected} for token ${wrong}, as the sequence holds ${length} tokens`,
      `${got}`,
      got < expected
        ? `Truncate the sequence to ${Math.max(0, got - wrong)} first: what stands there is kept otherwise.`
        : 'Append the tokens before it first.',
    )
  }
  if (given.length === 0) throw new CacheError(name, 'tokens of at least one sequence', 'none')
  return given.reduce((sum, { tokens }) => sum + tokens, 0)
}
