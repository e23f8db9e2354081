import { describe, expect, it } from 'vitest'
import { type OrderedPass, orderPasses, type Touched } from '../../src/backends/wasm/order-passes.js'

const reads = (start: number, end: number): Touched => ({ space: 'arena', start, end, writes: false })
const writes = (start: number, end: number): Touched => ({ space: 'arena', start, end, writes: true })
const together = (...touched: Touched[]): OrderedPass => ({ touched, solo: false })
const solo = (...touched: Touched[]): OrderedPass => ({ touched, solo: true })

describe('the order of passes', () => {
  it.each([
    ['reads of one place', reads(0, 8), reads(0, 8), false],
    ['a read of what was written', writes(0, 8), reads(4, 12), true],
    ['a write over what was read', reads(0, 8), writes(7, 9), true],
    ['two writes of one place', writes(0, 8), writes(0, 8), true],
    ['neighbours', writes(0, 8), reads(8, 16), false],
    ['two buffers', { ...writes(0, 1), space: 0 }, { ...reads(0, 1), space: 1 }, false],
    ['one buffer', { ...writes(0, 1), space: 0 }, { ...reads(0, 1), space: 0 }, true],
    ['a buffer and the arena', { ...writes(0, 1), space: 0 }, reads(0, 1), false],
  ])('lets threads meet only where memory conflicts: %s', (_, before, after, waits) => {
    expect(orderPasses([together(before), together(after)])).toEqual({ order: [0, 1], meets: [false, waits] })
  })

  it('lets one thread go on from what it did alone, but nobody else', () => {
    expect(orderPasses([solo(writes(0, 8)), solo(reads(0, 8))]).meets).toEqual([false, false])
    expect(orderPasses([solo(writes(0, 8)), together(reads(0, 8))]).meets).toEqual([false, true])
    expect(orderPasses([together(writes(0, 8)), solo(reads(0, 8))]).meets).toEqual([false, true])
  })

  it('brings passes of one stretch together, what one thread runs alone first', () => {
    // Three chains of "prepare alone, then work together", one after the other.
    const chain = (at: number) => [solo(writes(at, at + 8)), together(reads(at, at + 8), writes(at + 8, at + 16))]
    expect(orderPasses([...chain(0), ...chain(16), ...chain(32)])).toEqual({
      order: [0, 2, 4, 1, 3, 5],
      meets: [false, false, false, true, false, false],
    })
  })

  it('keeps every pair that conflicts in order, with a meeting between them unless one thread runs both', () => {
    let seed = 7
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    for (let round = 0; round < 300; round++) {
      const passes = Array.from({ length: 2 + random(12) }, (): OrderedPass => {
        const touched = Array.from({ length: 1 + random(3) }, (): Touched => {
          const start = random(20)
          const space = random(4) === 0 ? random(2) : ('arena' as const)
          return {
            space,
            start: space === 'arena' ? start : 0,
            end: space === 'arena' ? start + 1 + random(6) : 1,
            writes: random(2) === 0,
          }
        })
        return { touched, solo: random(3) === 0 }
      })
      const { order, meets } = orderPasses(passes)
      expect([...order].sort((a, b) => a - b)).toEqual([...passes.keys()])
      const place = passes.map((_, pass) => order.indexOf(pass))
      for (const [i, a] of passes.entries()) {
        for (const [j, b] of passes.entries()) {
          if (j <= i) continue
          const conflict = a.touched.some((x) =>
            b.touched.some((y) => (x.writes || y.writes) && x.space === y.space && x.start < y.end && y.start < x.end),
          )
          if (!conflict) continue
          const [from, to] = [place[i] as number, place[j] as number]
          expect(from).toBeLessThan(to)
          if (!(a.solo && b.solo)) expect(meets.slice(from + 1, to + 1)).toContain(true)
        }
      }
    }
  })
})
