import { describe, expect, it } from 'vitest'
import { ALIGNMENT, createAllocator } from '../../src/backends/wasm/allocator.js'
import { packArena } from '../../src/backends/wasm/pack-arena.js'
import { seeded } from '../codegen/random-launch.js'

const START = 1024

describe('allocator', () => {
  it.each([1, 2, 3, 4])('keeps blocks apart and loses none of 20,000 random steps (seed %i)', (seed) => {
    const random = seeded(seed)
    const limit = START + 4_000_000
    let end = START + 10_000
    const allocator = createAllocator({
      start: START,
      end,
      limit,
      grow: (wanted) => {
        end = Math.min(limit, Math.max(wanted, end + 100_000))
        return end
      },
    })
    // The model: every block that is out, nothing else.
    const out: { address: number; size: number }[] = []
    for (let step = 0; step < 20_000; step++) {
      if (random(5) < 3 && out.length < 400) {
        const bytes = random(4) === 0 ? random(200_000) : random(2000)
        const fits = allocator.fits(bytes)
        const address = allocator.allocate(bytes)
        expect(address !== null).toBe(fits)
        if (address === null) continue
        const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT)
        if (address % ALIGNMENT !== 0 || address < START || address + size > end) expect.fail(`block ${address}`)
        for (const other of out) {
          if (address < other.address + other.size && other.address < address + size) {
            expect.fail(`step ${step}: [${address}, ${address + size}) overlaps ${JSON.stringify(other)}`)
          }
        }
        out.push({ address, size })
      } else if (out.length > 0) {
        const [block] = out.splice(random(out.length), 1)
        expect(allocator.release((block as { address: number }).address)).toBe(true)
      }
      expect(allocator.usedBytes).toBe(out.reduce((sum, { size }) => sum + size, 0))
      if (step % 1000 === 0) {
        // The largest gap of the model, the one up to the limit included, is exactly what can be had.
        const sorted = [...out].sort((a, b) => a.address - b.address)
        let at = START
        let largest = 0
        for (const { address, size } of sorted) {
          largest = Math.max(largest, address - at)
          at = address + size
        }
        expect(allocator.largestFree()).toBe(Math.max(largest, Math.floor(limit / ALIGNMENT) * ALIGNMENT - at))
      }
    }
    for (const { address } of out) expect(allocator.release(address)).toBe(true)
    expect(allocator.usedBytes).toBe(0)
    // Everything has grown together again.
    expect(allocator.largestFree()).toBe(Math.floor(limit / ALIGNMENT) * ALIGNMENT - START)
  })

  it('refuses what does not fit, and a block it did not give', () => {
    const allocator = createAllocator({ start: 0, end: 640, limit: 640, grow: () => null })
    expect(allocator.allocate(641)).toBe(null)
    expect(allocator.allocate(640)).toBe(0)
    expect(allocator.allocate(1)).toBe(null)
    expect(allocator.release(64)).toBe(false)
    expect(allocator.release(0)).toBe(true)
    expect(allocator.release(0)).toBe(false)
  })

  it('stops at what the memory really gives', () => {
    const allocator = createAllocator({ start: 0, end: 640, limit: 6400, grow: () => null })
    expect(allocator.fits(1000)).toBe(true)
    expect(allocator.allocate(1000)).toBe(null)
  })
})

describe('packArena', () => {
  it.each([1, 2, 3, 4, 5])('never lets two temporaries that live together overlap (seed %i)', (seed) => {
    const random = seeded(seed)
    const intervals = Array.from({ length: 300 }, () => {
      const first = random(100)
      return { bytes: random(4) === 0 ? random(100_000) : random(1000), first, last: first + random(12) }
    })
    const { offsets, bytes } = packArena(intervals)
    let lower = 0
    for (let launch = 0; launch < 120; launch++) {
      const alive = intervals.flatMap((interval, i) =>
        interval.first <= launch && launch <= interval.last && interval.bytes > 0
          ? [{ ...interval, at: offsets[i] as number }]
          : [],
      )
      alive.sort((a, b) => a.at - b.at)
      alive.forEach((a, i) => {
        expect(a.at % ALIGNMENT).toBe(0)
        expect(a.at + a.bytes).toBeLessThanOrEqual(alive[i + 1]?.at ?? bytes)
      })
      lower = Math.max(
        lower,
        alive.reduce((sum, a) => sum + a.bytes, 0),
      )
    }
    // Not a guarantee of the algorithm, but what it does on such plans.
    expect(bytes).toBeLessThan(1.25 * lower)
  })

  it('gives a chain of equal temporaries two places', () => {
    const chain = Array.from({ length: 50 }, (_, i) => ({ bytes: 1000, first: i, last: i + 1 }))
    expect(packArena(chain).bytes).toBe(2 * 1024)
    expect(packArena([]).bytes).toBe(0)
  })
})
