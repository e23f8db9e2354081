import { ArgumentError } from '@almanac/tensor-core'
import { CacheError } from './cache-error.js'

export interface BlockPool {
  /** S: sequences side by side. */
  readonly sequences: number
  /** Blocks that all of them share. */
  readonly blocks: number
  /** Tokens of a block. */
  readonly blockSize: number
}

/** What a cache must copy, cell by cell, before the next token is written: a block that another sequence still reads. */
export interface BlockCopy {
  readonly from: number
  readonly to: number
}

/**
 * Which block of a pool holds which tokens of which sequence. Blocks are counted, so that forks share what they have in
 * common and a block is copied only when one of its sequences writes into it. Kwon et al. 2023, arXiv 2309.06180, section 4.
 */
export interface BlockTables extends BlockPool {
  /** Blocks that nobody holds. */
  free(): number
  /** Tokens of a sequence. */
  length(sequence: number): number
  /** The sequence's blocks in order, those that are reserved included. */
  table(sequence: number): readonly number[]
  /** Place of a token in the pool: its block times the block size, and where it stands in it. */
  place(sequence: number, position: number): number
  /**
   * Blocks for `tokens` more, and what must be copied before they are written. Throws CacheError where there are too few; then
   * nothing has changed.
   */
  reserve(sequence: number, tokens: number): readonly BlockCopy[]
  commit(sequence: number, tokens: number): void
  /** Forgets what was reserved, and everything from position `length` on. */
  truncate(sequence: number, length: number): void
  /** The first sequence without tokens gets the same past; returns its number. */
  fork(sequence: number): number
  /** Sequence i continues what was sequence order[i]. */
  reorder(order: readonly number[]): void
}

interface Sequence {
  readonly blocks: number[]
  length: number
  reserved: number
}

/** Throws ArgumentError for counts below 1; its methods throw CacheError, which `name` begins. */
export function blockTables(pool: BlockPool, name = 'blockTables'): BlockTables {
  const { sequences: S, blocks, blockSize } = pool
  for (const [what, count] of Object.entries({ sequences: S, blocks, blockSize })) {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new ArgumentError(name, `${what} as a whole number from 1`, `${count}`)
  }
  /** Sequences that hold each block. */
  const holders = new Int32Array(blocks)
  // The lowest come first, so that equal histories give equal tables.
  const unused = Array.from({ length: blocks }, (_, i) => blocks - 1 - i)
  let all: Sequence[] = Array.from({ length: S }, () => ({ blocks: [], length: 0, reserved: 0 }))

  const where = (sequence: number) => `${name}, sequence ${sequence}`
  const of = (sequence: number): Sequence => {
    const found = all[sequence]
    if (!found) throw new CacheError(name, `a sequence from 0 to ${S - 1}`, `${sequence}`)
    return found
  }
  const whole = (sequence: number, what: string, n: number): void => {
    if (!Number.isSafeInteger(n) || n < 0) throw new CacheError(where(sequence), `${what} from 0`, `${n}`)
  }
  const blocksOf = (tokens: number): number => Math.ceil(tokens / blockSize)
  const take = (): number => {
    const block = unused.pop() as number
    holders[block] = 1
    return block
  }
  const release = (block: number): void => {
    holders[block] = (holders[block] as number) - 1
    if (holders[block] === 0) unused.push(block)
  }
  const hold = (block: number): void => {
    holders[block] = (holders[block] as number) + 1
  }
  /** Of a sequence's blocks, the one into which the next token goes, if others read it as well. */
  const sharedTail = ({ blocks: held, length, reserved }: Sequence): number => {
    const at = Math.floor((length + reserved) / blockSize)
    const block = held[at]
    return reserved === 0 && length % blockSize !== 0 && block !== undefined && (holders[block] as number) > 1 ? at : -1
  }

  return {
    ...pool,
    free: () => unused.length,
    length: (sequence) => of(sequence).length,
    table: (sequence) => [...of(sequence).blocks],

    place(sequence, position) {
      const { blocks: held } = of(sequence)
      const block = held[Math.floor(position / blockSize)]
      if (block === undefined || !Number.isSafeInteger(position)) {
        throw new CacheError(
          where(sequence),
          `${held.length === 0 ? 'a sequence with tokens' : `a position from 0 to ${held.length * blockSize - 1}`}`,
          `position ${position}`,
        )
      }
      return block * blockSize + (position % blockSize)
    },

    reserve(sequence, tokens) {
      const mine = of(sequence)
      whole(sequence, 'a number of tokens', tokens)
      if (tokens === 0) return []
      const tail = sharedTail(mine)
      const more = blocksOf(mine.length + mine.reserved + tokens) - mine.blocks.length
      const needed = more + (tail >= 0 ? 1 : 0)
      if (needed > unused.length) {
        throw new CacheError(
          where(sequence),
          `at most ${unused.length} blocks more of ${blockSize} tokens, ${blocks - unused.length} of ${blocks} being held`,
          `${tokens} tokens, which take ${needed}`,
          'Truncate a sequence, or make a cache with more blocks.',
        )
      }
      const copies: BlockCopy[] = []
      if (tail >= 0) {
        const from = mine.blocks[tail] as number
        const to = take()
        release(from)
        mine.blocks[tail] = to
        copies.push({ from, to })
      }
      for (let i = 0; i < more; i++) mine.blocks.push(take())
      mine.reserved += tokens
      return copies
    },

    commit(sequence, tokens) {
      const mine = of(sequence)
      whole(sequence, 'a number of tokens', tokens)
      if (tokens > mine.reserved) {
        const expected = `at most the ${mine.reserved} tokens reserved`
        throw new CacheError(where(sequence), expected, `${tokens}`, 'Reserve them first.')
      }
      mine.length += tokens
      mine.reserved -= tokens
    },

    truncate(sequence, length) {
      const mine = of(sequence)
      whole(sequence, 'a length', length)
      if (length > mine.length) {
        throw new CacheError(where(sequence), `a length of at most ${mine.length}, its own`, `${length}`)
      }
      for (const block of mine.blocks.splice(blocksOf(length)).reverse()) release(block)
      mine.length = length
      mine.reserved = 0
    },

    fork(sequence) {
      const mine = of(sequence)
      const free = all.findIndex(({ length, reserved }, i) => length === 0 && reserved === 0 && i !== sequence)
      if (free < 0) {
        throw new CacheError(where(sequence), 'a free sequence to fork to', `${S} in use`, 'Truncate one to 0 first.')
      }
      const shared = mine.blocks.slice(0, blocksOf(mine.length))
      for (const block of shared) hold(block)
      all[free] = { blocks: shared, length: mine.length, reserved: 0 }
      return free
    },

    reorder(order) {
      if (order.length !== S) throw new CacheError(name, `an order of ${S}, one a sequence`, `${order.length}`)
      const sources = order.map(of)
      const next = sources.map(({ blocks: held, length }): Sequence => {
        const kept = held.slice(0, blocksOf(length))
        for (const block of kept) hold(block)
        return { blocks: kept, length, reserved: 0 }
      })
      for (const { blocks: held } of all) for (const block of held) release(block)
      all = next
    },
  }
}
