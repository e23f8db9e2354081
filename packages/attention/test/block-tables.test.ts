import { seededRandom } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import { blockTables, CacheError } from '../src/index.js'

describe('block tables', () => {
  it('follow a model of plain arrays through 2,000 random histories, and every block comes back', () => {
    let [forks, copies, refusals] = [0, 0, 0]
    for (let seed = 0; seed < 2000; seed++) {
      const random = seededRandom(seed)
      const pool = {
        sequences: 1 + random.integer(5),
        blocks: 1 + random.integer(16),
        blockSize: 1 + random.integer(5),
      }
      const tables = blockTables(pool)
      /** What stands at every place of the pool, and what each sequence should read. */
      const cells = new Array<number>(pool.blocks * pool.blockSize).fill(-1)
      let model: number[][] = Array.from({ length: pool.sequences }, () => [])
      let next = 0
      const check = () => {
        model.forEach((tokens, s) => {
          expect(tables.length(s)).toBe(tokens.length)
          expect(tokens.map((_, i) => cells[tables.place(s, i)])).toEqual(tokens)
        })
        const held = new Set(model.flatMap((_, s) => [...tables.table(s)]))
        expect(tables.free()).toBe(pool.blocks - held.size)
      }
      for (let turn = 0; turn < 24; turn++) {
        const s = random.integer(pool.sequences)
        const mine = model[s] as number[]
        const what = random.pick(['append', 'append', 'append', 'truncate', 'fork', 'reorder'] as const)
        if (what === 'append') {
          const n = random.integer(7)
          const before = [tables.free(), tables.table(s)]
          try {
            for (const { from, to } of tables.reserve(s, n)) {
              copies++
              for (let i = 0; i < pool.blockSize; i++)
                cells[to * pool.blockSize + i] = cells[from * pool.blockSize + i] as number
            }
          } catch (error) {
            refusals++
            expect(error).toBeInstanceOf(CacheError)
            expect([tables.free(), tables.table(s)]).toEqual(before)
            continue
          }
          const tokens = Array.from({ length: n }, () => next++)
          tokens.forEach((token, i) => {
            cells[tables.place(s, mine.length + i)] = token
          })
          const kept = random.integer(n + 1)
          tables.commit(s, kept)
          mine.push(...tokens.slice(0, kept))
          tables.truncate(s, mine.length)
        } else if (what === 'truncate') {
          const length = random.integer(mine.length + 1)
          tables.truncate(s, length)
          mine.length = length
        } else if (what === 'fork') {
          const free = model.findIndex((tokens, i) => tokens.length === 0 && i !== s)
          if (free < 0) expect(() => tables.fork(s)).toThrow(CacheError)
          else {
            forks++
            expect(tables.fork(s)).toBe(free)
            model[free] = [...mine]
          }
        } else {
          const order = model.map(() => random.integer(pool.sequences))
          tables.reorder(order)
          model = order.map((from) => [...(model[from] as number[])])
        }
        check()
      }
      model.forEach((_, s) => void tables.truncate(s, 0))
      expect(tables.free()).toBe(pool.blocks)
    }
    // The histories are not idle.
    expect(Math.min(forks, copies, refusals)).toBeGreaterThan(1000)
  })

  it('share blocks until one of two sequences writes', () => {
    const tables = blockTables({ sequences: 2, blocks: 6, blockSize: 4 })
    tables.reserve(0, 6)
    tables.commit(0, 6)
    expect(tables.fork(0)).toBe(1)
    expect(tables.free()).toBe(4)
    expect(tables.reserve(1, 1)).toEqual([{ from: 1, to: 2 }])
    expect([tables.table(0), tables.table(1)]).toEqual([
      [0, 1],
      [0, 2],
    ])
    // Alone with its block again, it writes in place.
    expect(tables.reserve(0, 1)).toEqual([])
  })

  it('say what is wrong and stay as they were', () => {
    const tables = blockTables({ sequences: 2, blocks: 3, blockSize: 4 }, 'pagedCache')
    tables.reserve(0, 9)
    tables.commit(0, 9)
    expect(() => tables.reserve(0, 4)).toThrow(
      'pagedCache, sequence 0: expected at most 0 blocks more of 4 tokens, 3 of 3 being held, got 4 tokens, which take 1. ' +
        'Truncate a sequence, or make a cache with more blocks.',
    )
    expect(() => tables.commit(0, 1)).toThrow('expected at most the 0 tokens reserved, got 1. Reserve them first.')
    expect(() => tables.truncate(0, 10)).toThrow('expected a length of at most 9, its own, got 10.')
    expect(() => tables.place(0, 12)).toThrow(
      'pagedCache, sequence 0: expected a position from 0 to 11, got position 12.',
    )
    expect(() => tables.place(1, 0)).toThrow('pagedCache, sequence 1: expected a sequence with tokens, got position 0.')
    expect(() => tables.length(2)).toThrow('pagedCache: expected a sequence from 0 to 1, got 2.')
    expect(() => tables.reserve(1, -1)).toThrow('pagedCache, sequence 1: expected a number of tokens from 0, got -1.')
    expect(() => tables.reorder([0])).toThrow('pagedCache: expected an order of 2, one a sequence, got 1.')
    expect(() => blockTables({ sequences: 1, blocks: 0, blockSize: 4 })).toThrow(
      'blockTables: expected blocks as a whole number from 1, got 0.',
    )
  })
})
