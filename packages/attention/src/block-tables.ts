import { ArgumentError } from '@almanac/tensor-core'
import { CacheError } from './cache-error.js'

export interface BlockPool {
  /** S: sequences side by side. */
  readonly sequences: number
  /** Blocks that all of them share. */
  readonly blocks: number
  /** Tokens of a block. */
  readonly blockSize: number
  /** Tokens that a sequence may have. Default: as many as all blocks hold. */
  readonly maxLength?: number
  /** Keys that a token sees at most, its own included: blocks that no later token sees are given back. Default: all. */
  readonly window?: number
  /** Tokens at the beginning of a sequence that all later ones see, whatever the window. Default 0. */
  readonly sinks?: number
  /** Tokens that `truncate` may take back of the longest that a sequence was: so many more are kept. Default 0. */
  readonly rollback?: number
}

/** What a cache must copy, cell by cell, before the next token is written: a block that another sequence still reads. */
export interface BlockCopy {
  readonly from: number
  readonly to: number
  /** Tokens in it; the rest of the block is empty. */
  readonly tokens: number
}

/** Room that a sequence is to have. */
export interface BlockRequest {
  readonly sequence: number
  readonly tokens: number
}

/** The positions from `from` up to `to` of a sequence are not kept: no later token sees them. None where both are equal. */
export interface BlockGap {
  readonly from: number
  readonly to: number
}

/**
 * Which block of a pool holds which tokens of which sequence. Blocks are counted, so that forks share what they have in
 * common and a block is copied only when one of its sequences writes into it. Kwon et al. 2023, arXiv 2309.06180, section 4.
 */
export interface BlockTables {
  readonly pool: Required<Omit<BlockPool, 'window'>> & Pick<BlockPool, 'window'>
  /** Blocks that nobody holds. */
  free(): number
  /** Tokens of a sequence. */
  length(sequence: number): number
  /** Tokens that have room behind them. */
  reserved(sequence: number): number
  /** The sequence's blocks in order, those that are reserved included; -1 for one that was given back. */
  table(sequence: number): readonly number[]
  gap(sequence: number): BlockGap
  /** Place of a token in the pool: its block times the block size, and where it stands in it. */
  place(sequence: number, position: number): number
  /**
   * Blocks for so many tokens more of each sequence, one request a sequence, and what must be copied before they are written.
   * Throws CacheError where there are too few; then nothing has changed.
   */
  reserve(...requests: readonly BlockRequest[]): readonly BlockCopy[]
  /** Makes reserved tokens part of the sequence, and gives back the blocks that then lie behind its window. */
  commit(sequence: number, tokens: number): void
  /** Forgets what was reserved, and everything from position `length` on. */
  truncate(sequence: number, length: number): void
  /** The sequence starts anew with blocks for `length` tokens, of which those in `missing` will not be there. */
  restart(sequence: number, length: number, missing: BlockGap): void
  /** The first sequence without tokens gets the same past; returns its number. */
  fork(sequence: number): number
  /** Sequence i continues what was sequence order[i]. */
  reorder(order: readonly number[]): void
}

interface Sequence {
  readonly blocks: number[]
  length: number
  reserved: number
  gap: BlockGap
}

/** What was given back. */
const NOWHERE = -1
const NO_GAP: BlockGap = { from: 0, to: 0 }

/** Throws ArgumentError for counts below 1; its methods throw CacheError, which `name` begins. */
export function blockTables(given: BlockPool, name = 'blockTables'): BlockTables {
  const { sequences: S, blocks, blockSize, window, sinks = 0, rollback = 0, maxLength = blocks * blockSize } = given
  for (const [what, count] of Object.entries({ sequences: S, maxLength: given.maxLength ?? 1, blockSize, blocks })) {
    if (!Number.isSafeInteger(count) || count < 1)
      throw new ArgumentError(name, `${what} as a whole number from 1`, `${count}`)
  }
  if (window !== undefined && !(Number.isSafeInteger(window) && window >= 1)) {
    throw new ArgumentError(
      name,
      "a window of at least 1 key, the token's own",
      `${window}`,
      'Leave it out to keep all.',
    )
  }
  for (const [what, count] of Object.entries({ sinks, rollback })) {
    if (!Number.isSafeInteger(count) || count < 0) throw new ArgumentError(name, `${what} from 0`, `${count}`)
  }
  /** Sequences that hold each block. */
  const holders = new Int32Array(blocks)
  // The lowest come first, so that equal histories give equal tables.
  const unused = Array.from({ length: blocks }, (_, i) => blocks - 1 - i)
  const empty = (): Sequence => ({ blocks: [], length: 0, reserved: 0, gap: NO_GAP })
  let all: Sequence[] = Array.from({ length: S }, empty)

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
    if (block === NOWHERE) return
    holders[block] = (holders[block] as number) - 1
    if (holders[block] === 0) unused.push(block)
  }
  const hold = (block: number): void => {
    if (block !== NOWHERE) holders[block] = (holders[block] as number) + 1
  }
  /** Of a sequence's blocks, the one into which the next token goes, if others read it as well. */
  const sharedTail = ({ blocks: held, length, reserved }: Sequence): number => {
    const at = Math.floor(length / blockSize)
    const block = held[at]
    return reserved === 0 && length % blockSize !== 0 && block !== undefined && (holders[block] as number) > 1 ? at : -1
  }
  /** Whole blocks of positions that no token from `length` on sees, joined to what is missing already. */
  const gapAt = (length: number, missing: BlockGap): BlockGap => {
    const from = blocksOf(sinks) * blockSize
    const unseen = window === undefined ? 0 : Math.max(0, length - rollback - window + 1)
    const to = Math.floor(unseen / blockSize) * blockSize
    if (to <= from) return missing
    if (missing.to <= missing.from) return { from, to }
    return { from: Math.min(from, missing.from), to: Math.max(to, missing.to) }
  }
  const inside = (block: number, { from, to }: BlockGap): boolean =>
    block * blockSize >= from && (block + 1) * blockSize <= to
  const checkLength = (sequence: number, taken: number, tokens: number): void => {
    if (taken + tokens <= maxLength) return
    throw new CacheError(
      where(sequence),
      `at most ${maxLength - taken} tokens more, ${taken} of ${maxLength} places being taken`,
      `${tokens}`,
      'Shorten the text, truncate the sequence, or make a cache with a larger maxLength.',
    )
  }
  const checkBlocks = (at: string, needed: number, available: number, tokens: string): void => {
    if (needed <= available) return
    throw new CacheError(
      at,
      `at most ${available} blocks more of ${blockSize} tokens, ${blocks - available} of ${blocks} being held`,
      `${tokens}, which take ${needed}`,
      `Truncate a sequence, ${window === undefined ? '' : 'take fewer tokens a step, '}or make a cache with more blocks.`,
    )
  }

  return {
    pool: {
      ...{ sequences: S, blocks, blockSize, maxLength, sinks, rollback },
      ...(window === undefined ? {} : { window }),
    },
    free: () => unused.length,
    length: (sequence) => of(sequence).length,
    reserved: (sequence) => of(sequence).reserved,
    table: (sequence) => [...of(sequence).blocks],
    gap: (sequence) => of(sequence).gap,

    place(sequence, position) {
      const { blocks: held } = of(sequence)
      const block = held[Math.floor(position / blockSize)]
      if (block === undefined || block === NOWHERE || !Number.isSafeInteger(position)) {
        const range =
          held.length === 0 ? 'a sequence with tokens' : `a position from 0 to ${held.length * blockSize - 1}`
        const given =
          block === NOWHERE ? 'one that was given back, as it lies behind the window' : `position ${position}`
        throw new CacheError(where(sequence), block === NOWHERE ? 'a position that is kept' : range, given)
      }
      return block * blockSize + (position % blockSize)
    },

    reserve(...requests) {
      let needed = 0
      /** Of each block that must be copied: how many of those who share it ask for a copy. */
      const asking = new Map<number, number>()
      for (const { sequence, tokens } of requests) {
        const mine = of(sequence)
        whole(sequence, 'a number of tokens', tokens)
        if (tokens === 0) continue
        checkLength(sequence, mine.length + mine.reserved, tokens)
        needed += blocksOf(mine.length + mine.reserved + tokens) - mine.blocks.length
        const tail = mine.blocks[sharedTail(mine)]
        if (tail !== undefined) asking.set(tail, (asking.get(tail) ?? 0) + 1)
      }
      // The last of a block's holders writes in place.
      for (const [block, count] of asking) needed += Math.min(count, (holders[block] as number) - 1)
      const tokensInAll = requests.reduce((sum, { tokens }) => sum + tokens, 0)
      const [first] = requests
      const of1 = requests.length === 1 && first
      const text = of1 ? `${tokensInAll} tokens` : `${tokensInAll} tokens in ${requests.length} sequences`
      checkBlocks(of1 ? where(first.sequence) : name, needed, unused.length, text)

      const copies: BlockCopy[] = []
      for (const { sequence, tokens } of requests) {
        if (tokens === 0) continue
        const mine = of(sequence)
        const tail = sharedTail(mine)
        if (tail >= 0) {
          const from = mine.blocks[tail] as number
          const to = take()
          release(from)
          mine.blocks[tail] = to
          copies.push({ from, to, tokens: mine.length % blockSize })
        }
        mine.reserved += tokens
        while (mine.blocks.length < blocksOf(mine.length + mine.reserved)) mine.blocks.push(take())
      }
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
      const before = mine.gap
      mine.gap = gapAt(mine.length, before)
      const known = mine.gap.from === before.from ? before.to : mine.gap.from
      for (let i = Math.floor(known / blockSize); i < Math.floor(mine.gap.to / blockSize); i++) {
        if (!inside(i, mine.gap)) continue
        release(mine.blocks[i] as number)
        mine.blocks[i] = NOWHERE
      }
    },

    truncate(sequence, length) {
      const mine = of(sequence)
      whole(sequence, 'a length', length)
      if (length > mine.length) {
        throw new CacheError(where(sequence), `a length of at most ${mine.length}, its own`, `${length}`)
      }
      const { from, to } = mine.gap
      const least = to + (window ?? 1) - 1
      if (to > from && length > from && length < least) {
        throw new CacheError(
          where(sequence),
          `a length of at most ${from}, or from ${least} to ${mine.length}: positions ${from} to ${to - 1} were given back, ` +
            'as no later token sees them',
          `${length}`,
          'Make the cache with a larger rollback, or fork the sequence where it may have to go back to.',
        )
      }
      for (const block of mine.blocks.splice(blocksOf(length)).reverse()) release(block)
      mine.length = length
      mine.reserved = 0
      if (length <= from) mine.gap = NO_GAP
    },

    restart(sequence, length, missing) {
      const mine = of(sequence)
      whole(sequence, 'a length', length)
      checkLength(sequence, 0, length)
      const gap = gapAt(length, missing)
      const kept = Array.from({ length: blocksOf(length) }, (_, i) => !inside(i, gap))
      const own = mine.blocks.filter((block) => block !== NOWHERE && holders[block] === 1).length
      checkBlocks(where(sequence), kept.filter(Boolean).length, unused.length + own, `${length} tokens`)
      for (const block of mine.blocks.reverse()) release(block)
      all[sequence] = { blocks: kept.map((here) => (here ? take() : NOWHERE)), length, reserved: 0, gap }
    },

    fork(sequence) {
      const mine = of(sequence)
      const free = all.findIndex(({ length, reserved }, i) => length === 0 && reserved === 0 && i !== sequence)
      if (free < 0) {
        throw new CacheError(where(sequence), 'a free sequence to fork to', `${S} in use`, 'Truncate one to 0 first.')
      }
      const shared = mine.blocks.slice(0, blocksOf(mine.length))
      for (const block of shared) hold(block)
      all[free] = { blocks: shared, length: mine.length, reserved: 0, gap: mine.gap }
      return free
    },

    reorder(order) {
      if (order.length !== S) throw new CacheError(name, `an order of ${S}, one a sequence`, `${order.length}`)
      const sources = order.map(of)
      const next = sources.map(({ blocks: held, length, gap }): Sequence => {
        const kept = held.slice(0, blocksOf(length))
        for (const block of kept) hold(block)
        return { blocks: kept, length, reserved: 0, gap }
      })
      for (const { blocks: held } of all) for (const block of held) release(block)
      all = next
    },
  }
}
