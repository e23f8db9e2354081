import { seededRandom } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import { blockTables, CacheError } from '../src/index.js'

/** What a sequence should read, and the positions that no later token sees and that were given back. */
interface Model {
  tokens: number[]
  gone: Set<number>
  longest: number
}

describe('block tables', () => {
  it('follow a model of plain arrays through 2,000 random histories, and every block comes back', () => {
    let [forks, copies, refusals, slides, rollbacks] = [0, 0, 0, 0, 0]
    for (let seed = 0; seed < 2000; seed++) {
      const random = seededRandom(seed)
      const pool = {
        sequences: 1 + random.integer(5),
        blocks: 1 + random.integer(16),
        blockSize: 1 + random.integer(5),
        ...(seed % 2 ? { window: 1 + random.integer(9), sinks: random.integer(5), rollback: random.integer(3) } : {}),
        ...(seed % 3 ? { maxLength: 1 + random.integer(40) } : {}),
      }
      const {
        window = Number.POSITIVE_INFINITY,
        sinks = 0,
        rollback = 0,
        maxLength = pool.blocks * pool.blockSize,
      } = pool
      const tables = blockTables(pool)
      /** What stands at every place of the pool. */
      const cells = new Array<number>(pool.blocks * pool.blockSize).fill(-1)
      let model: Model[] = Array.from({ length: pool.sequences }, () => ({ tokens: [], gone: new Set(), longest: 0 }))
      let next = 0
      const check = () => {
        model.forEach(({ tokens, gone }, s) => {
          expect(tables.length(s)).toBe(tokens.length)
          const kept = tokens.filter((_, i) => !gone.has(i))
          const read = tokens.flatMap((_, i) => (gone.has(i) ? [] : [cells[tables.place(s, i)]]))
          expect(read).toEqual(kept)
          // Nothing that a later token sees is gone.
          for (const i of gone) expect(i >= sinks && i <= tokens.length - window).toBe(true)
        })
        const held = new Set(model.flatMap((_, s) => tables.table(s).filter((block) => block >= 0)))
        expect(tables.free()).toBe(pool.blocks - held.size)
      }
      /** Whole blocks behind the window. */
      const slide = ({ tokens, gone }: Model) => {
        for (let from = 0; from < tokens.length; from += pool.blockSize) {
          const block = Array.from({ length: pool.blockSize }, (_, i) => from + i)
          if (!block.every((i) => i >= sinks && i <= tokens.length - rollback - window)) continue
          if (!gone.has(from)) slides++
          for (const i of block) gone.add(i)
        }
      }
      for (let turn = 0; turn < 24; turn++) {
        const s = random.integer(pool.sequences)
        const mine = model[s] as Model
        const { length } = mine.tokens
        const what = random.pick(['append', 'append', 'append', 'truncate', 'fork', 'reorder'] as const)
        if (what === 'append') {
          // One sequence or several at a time.
          const others = model.map((_, i) => i).filter((i) => i !== s && random.integer(3) === 0)
          const requests = [s, ...others].map((sequence) => ({ sequence, tokens: random.integer(7) }))
          const before = model.map((_, i) => [tables.free(), tables.table(i), tables.reserved(i)])
          try {
            for (const { from, to, tokens } of tables.reserve(...requests)) {
              copies++
              for (let i = 0; i < tokens; i++)
                cells[to * pool.blockSize + i] = cells[from * pool.blockSize + i] as number
            }
          } catch (error) {
            refusals++
            expect(error).toBeInstanceOf(CacheError)
            expect(model.map((_, i) => [tables.free(), tables.table(i), tables.reserved(i)])).toEqual(before)
            continue
          }
          for (const { sequence, tokens } of requests) {
            const own = model[sequence] as Model
            const added = Array.from({ length: tokens }, () => next++)
            expect(own.tokens.length + tokens <= maxLength).toBe(true)
            added.forEach((token, i) => {
              cells[tables.place(sequence, own.tokens.length + i)] = token
            })
            const kept = random.integer(tokens + 1)
            tables.commit(sequence, kept)
            own.tokens.push(...added.slice(0, kept))
            own.longest = Math.max(own.longest, own.tokens.length)
            slide(own)
            tables.truncate(sequence, own.tokens.length)
          }
        } else if (what === 'truncate') {
          const to = random.integer(length + 1)
          const seen = [to - 1, ...Array.from({ length: Math.min(window - 1, to) }, (_, i) => to - 1 - i)]
          const lost = seen.some((i) => mine.gone.has(i)) && (window > 1 || mine.gone.has(to))
          if (lost) {
            rollbacks++
            expect(mine.longest - to).toBeGreaterThan(rollback)
            expect(() => tables.truncate(s, to)).toThrow(/were given back, as no later token sees them/)
          } else {
            tables.truncate(s, to)
            mine.tokens.length = to
            for (const i of mine.gone) if (i >= to) mine.gone.delete(i)
          }
        } else if (what === 'fork') {
          const free = model.findIndex(({ tokens }, i) => tokens.length === 0 && i !== s)
          if (free < 0) expect(() => tables.fork(s)).toThrow(CacheError)
          else {
            forks++
            expect(tables.fork(s)).toBe(free)
            model[free] = { tokens: [...mine.tokens], gone: new Set(mine.gone), longest: mine.longest }
          }
        } else {
          const order = model.map(() => random.integer(pool.sequences))
          tables.reorder(order)
          model = order.map((from) => {
            const { tokens, gone, longest } = model[from] as Model
            return { tokens: [...tokens], gone: new Set(gone), longest }
          })
        }
        check()
      }
      model.forEach((_, s) => void tables.truncate(s, 0))
      expect(tables.free()).toBe(pool.blocks)
    }
    // The histories are not idle.
    expect(Math.min(forks, copies, refusals, slides)).toBeGreaterThan(900)
    expect(rollbacks).toBeGreaterThan(100)
  })

  it('of one block a sequence never want for a block, whatever is forked and reordered', () => {
    let copies = 0
    for (let seed = 0; seed < 500; seed++) {
      const random = seededRandom(seed)
      const sequences = 1 + random.integer(5)
      const tables = blockTables({ sequences, blocks: sequences, blockSize: 8, maxLength: 8 })
      const all = Array.from({ length: sequences }, (_, i) => i)
      for (let turn = 0; turn < 30; turn++) {
        const s = random.integer(sequences)
        const what = random.integer(4)
        if (what === 0) tables.reorder(all.map(() => random.integer(sequences)))
        else if (what === 1) tables.truncate(s, random.integer(tables.length(s) + 1))
        else if (what === 2 && all.some((i) => i !== s && tables.length(i) + tables.reserved(i) === 0)) tables.fork(s)
        else {
          const requests = all
            .filter(() => random.integer(2) === 0)
            .map((sequence) => ({
              sequence,
              tokens: random.integer(9 - tables.length(sequence) - tables.reserved(sequence)),
            }))
          copies += tables.reserve(...requests).length
          for (const { sequence, tokens } of requests) if (random.integer(3) > 0) tables.commit(sequence, tokens)
        }
      }
    }
    expect(copies).toBeGreaterThan(1000)
  })

  it('share blocks until one of two sequences writes', () => {
    const tables = blockTables({ sequences: 2, blocks: 6, blockSize: 4 })
    tables.reserve({ sequence: 0, tokens: 6 })
    tables.commit(0, 6)
    expect(tables.fork(0)).toBe(1)
    expect(tables.free()).toBe(4)
    expect(tables.reserve({ sequence: 1, tokens: 1 })).toEqual([{ from: 1, to: 2, tokens: 2 }])
    expect([tables.table(0), tables.table(1)]).toEqual([
      [0, 1],
      [0, 2],
    ])
    // Alone with its block again, it writes in place.
    expect(tables.reserve({ sequence: 0, tokens: 1 })).toEqual([])
  })

  it('copy a block once less than all of its holders ask for', () => {
    const tables = blockTables({ sequences: 3, blocks: 3, blockSize: 4 })
    tables.reserve({ sequence: 0, tokens: 2 })
    tables.commit(0, 2)
    tables.fork(0)
    tables.fork(0)
    const copies = tables.reserve(...[0, 1, 2].map((sequence) => ({ sequence, tokens: 1 })))
    expect(copies.map(({ from }) => from)).toEqual([0, 0])
    expect([0, 1, 2].map((s) => tables.table(s)[0]).sort()).toEqual([0, 1, 2])
  })

  it('give back what lies behind a window, but for the sinks, and hold no more than the bound', () => {
    const tables = blockTables({ sequences: 1, blocks: 6, blockSize: 4, maxLength: 1000, window: 9, sinks: 5 })
    let most = 0
    for (let i = 0; i < 300; i++) {
      tables.reserve({ sequence: 0, tokens: 1 })
      most = Math.max(most, 6 - tables.free())
      tables.commit(0, 1)
    }
    // Two blocks of sinks, three that a window of nine touches; at the end of a block, two.
    expect(most).toBe(5)
    expect(tables.table(0).filter((block) => block >= 0)).toHaveLength(2 + 2)
    expect(tables.gap(0)).toEqual({ from: 8, to: 292 })
    expect(() => tables.place(0, 100)).toThrow(
      'blockTables, sequence 0: expected a position that is kept, got one that was given back, as it lies behind the window.',
    )
    expect(() => tables.truncate(0, 299)).toThrow(
      'blockTables, sequence 0: expected a length of at most 8, or from 300 to 300: positions 8 to 291 were given back, ' +
        'as no later token sees them, got 299. ' +
        'Make the cache with a larger rollback, or fork the sequence where it may have to go back to.',
    )
    tables.truncate(0, 7)
    expect(tables.table(0)).toHaveLength(2)
    expect(() => tables.reserve({ sequence: 0, tokens: 40 })).toThrow(
      'blockTables, sequence 0: expected at most 4 blocks more of 4 tokens, 2 of 6 being held, got 40 tokens, which take 10. ' +
        'Truncate a sequence, take fewer tokens a step, or make a cache with more blocks.',
    )
  })

  it('say what is wrong and stay as they were', () => {
    const tables = blockTables({ sequences: 2, blocks: 3, blockSize: 4 }, 'pagedCache')
    tables.reserve({ sequence: 0, tokens: 9 })
    tables.commit(0, 9)
    expect(() => tables.reserve({ sequence: 1, tokens: 4 })).toThrow(
      'pagedCache, sequence 1: expected at most 0 blocks more of 4 tokens, 3 of 3 being held, got 4 tokens, which take 1. ' +
        'Truncate a sequence, or make a cache with more blocks.',
    )
    expect(() => tables.reserve({ sequence: 0, tokens: 1 }, { sequence: 1, tokens: 4 })).toThrow(
      'pagedCache: expected at most 0 blocks more of 4 tokens, 3 of 3 being held, got 5 tokens in 2 sequences, which take 1.',
    )
    expect(() => tables.reserve({ sequence: 0, tokens: 4 })).toThrow(
      'pagedCache, sequence 0: expected at most 3 tokens more, 9 of 12 places being taken, got 4. ' +
        'Shorten the text, truncate the sequence, or make a cache with a larger maxLength.',
    )
    expect(() => tables.commit(0, 1)).toThrow('expected at most the 0 tokens reserved, got 1. Reserve them first.')
    expect(() => tables.truncate(0, 10)).toThrow('expected a length of at most 9, its own, got 10.')
    expect(() => tables.place(0, 12)).toThrow(
      'pagedCache, sequence 0: expected a position from 0 to 11, got position 12.',
    )
    expect(() => tables.place(1, 0)).toThrow('pagedCache, sequence 1: expected a sequence with tokens, got position 0.')
    expect(() => tables.length(2)).toThrow('pagedCache: expected a sequence from 0 to 1, got 2.')
    expect(() => tables.reserve({ sequence: 1, tokens: -1 })).toThrow(
      'pagedCache, sequence 1: expected a number of tokens from 0, got -1.',
    )
    expect(() => tables.reorder([0])).toThrow('pagedCache: expected an order of 2, one a sequence, got 1.')
    tables.truncate(0, 8)
    expect(tables.free()).toBe(1)
    expect(() => blockTables({ sequences: 1, blocks: 0, blockSize: 4 })).toThrow(
      'blockTables: expected blocks as a whole number from 1, got 0.',
    )
    expect(() => blockTables({ sequences: 1, blocks: 1, blockSize: 4, window: 0 })).toThrow(
      "blockTables: expected a window of at least 1 key, the token's own, got 0. Leave it out to keep all.",
    )
    expect(() => blockTables({ sequences: 1, blocks: 1, blockSize: 4, window: 2, sinks: -1 })).toThrow(
      'blockTables: expected sinks from 0, got -1.',
    )
  })
})
