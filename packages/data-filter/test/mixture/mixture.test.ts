import { seededRandom } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { fairTurns } from '../../src/mixture/fair-turns.js'
import { mixture, PHI4_TABLE_5, PHI4_TOKENS } from '../../src/mixture/index.js'
import { shuffledOrder } from '../../src/mixture/shuffled-order.js'
import { wholeShares } from '../../src/mixture/whole-shares.js'

const places = (mix: { readonly windows: number; at(i: number): unknown }) =>
  Array.from({ length: mix.windows }, (_, i) => mix.at(i))

describe('turns', () => {
  const random = seededRandom(1)
  const cases: [string, number[]][] = [
    ['one taker', [7]],
    ['phi-4', [3, 3, 8, 4, 2]],
    ['many small beside one large', [60, ...Array.from({ length: 40 }, () => 1)]],
    ['nearly equal, and a tiny one', [333, 333, 333, 1]],
    ...Array.from({ length: 60 }, (_, n): [string, number[]] => [
      `random ${n}`,
      Array.from({ length: 2 + random.integer(9) }, () => 1 + Math.floor(Math.exp(random.uniform(0, n % 2 ? 7 : 2)))),
    ]),
  ]
  test.each(cases)('keep everybody within less than a turn of the share: %s', (_, shares) => {
    const period = shares.reduce((sum, share) => sum + share, 0)
    const { taker, rank } = fairTurns(shares)
    const taken = shares.map(() => 0)
    const bound = shares.length > 1 ? 1 - 1 / (2 * shares.length - 2) : 0
    let worst = 0
    for (let turn = 0; turn < period; turn++) {
      const s = taker[turn] as number
      expect(rank[turn]).toBe(taken[s])
      taken[s] = (taken[s] as number) + 1
      taken.forEach((count, k) => {
        worst = Math.max(worst, Math.abs(count - ((shares[k] as number) * (turn + 1)) / period))
      })
    }
    expect(taken).toEqual(shares)
    // Tijdeman's bound; the quotient may be rounded.
    expect(worst).toBeLessThanOrEqual(bound + 1e-12)
  })

  test('come from weights exactly where decimals say them, else to the nearest window or millionth', () => {
    expect(wholeShares([0.15, 0.15, 0.4, 0.2, 0.1], 1e9)).toEqual([3, 3, 8, 4, 2])
    expect(wholeShares([1 / 3, 2 / 3], 1e9)).toEqual([1, 2])
    expect(wholeShares([0.123456, 0.876544], 5)).toEqual([1929, 13696])
    const odd = [Math.SQRT1_2, Math.PI / 20, 1 - Math.SQRT1_2 - Math.PI / 20]
    expect(wholeShares(odd, 1000)).toEqual([707, 157, 136])
    const shares = wholeShares(odd, 1e9)
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(2 ** 20)
    shares.forEach((share, s) => {
      expect(Math.abs(share / 2 ** 20 - (odd[s] as number))).toBeLessThan(2 ** -20)
    })
  })
})

describe('an order', () => {
  test.each([1, 2, 3, 5, 7, 64, 100, 1000, 4097, 99_991])(
    'of %i goes through everything once, in every epoch anew',
    (size) => {
      const order = shuffledOrder(size, 12, 'web')
      const epochs = [0, 1].map((epoch) => Array.from({ length: size }, (_, place) => order(epoch, place)))
      for (const one of epochs) {
        const seen = new Uint8Array(size)
        for (const value of one) seen[value] = 1
        expect(seen.reduce((sum, value) => sum + value, 0)).toBe(size)
      }
      if (size >= 64) {
        const [first, second] = epochs as [number[], number[]]
        // Of random orders one thing in all stays, on average; 10 would be one chance in ten million.
        expect(first.filter((value, place) => value === second[place]).length).toBeLessThan(10)
        expect(first.filter((value, place) => value === place).length).toBeLessThan(10)
        // Neighbours are torn apart: the share of ascending steps is a half.
        const ascents =
          first.filter((value, place) => place > 0 && value > (first[place - 1] as number)).length / (size - 1)
        expect(Math.abs(ascents - 0.5)).toBeLessThan(2 / Math.sqrt(size))
      }
    },
  )

  test.each([5, 16, 30])('of %i is as likely to put anything anywhere', (size) => {
    const seeds = 20_000
    const counts = new Float64Array(size * size)
    for (let seed = 0; seed < seeds; seed++) {
      const order = shuffledOrder(size, seed, 'web')
      for (let place = 0; place < size; place++) {
        const cell = place * size + order(0, place)
        counts[cell] = (counts[cell] as number) + 1
      }
    }
    const expected = seeds / size
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    const freedom = (size - 1) ** 2
    // Five standard deviations of a chi-square's.
    expect(Math.abs(chiSquare - freedom)).toBeLessThan(5 * Math.sqrt(2 * freedom))
  })

  test('of four is any of the 24, about as often', () => {
    const counts = new Map<string, number>()
    for (let seed = 0; seed < 24_000; seed++) {
      const order = shuffledOrder(4, seed, 'web')
      const word = [0, 1, 2, 3].map((place) => order(0, place)).join('')
      counts.set(word, (counts.get(word) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(chiSquare).toBeLessThan(23 + 5 * Math.sqrt(46))
  })

  test('depends on the seed’s upper bits, the name and the epoch', () => {
    const first = (seed: number, name: string, epoch: number) =>
      Array.from({ length: 10 }, (_, place) => shuffledOrder(1000, seed, name)(epoch, place)).join()
    const orders = [
      first(1, 'a', 0),
      first(1 + 2 ** 32, 'a', 0),
      first(1, 'b', 0),
      first(1, 'a', 1),
      first(1, 'ab', 0),
      first(1, 'ba', 0),
    ]
    expect(new Set(orders).size).toBe(orders.length)
  })
})

describe('a mixture', () => {
  const options = {
    window: 10,
    seed: 5,
    tokens: 20_000,
    sources: [
      { name: 'web', weight: 0.35, shards: [{ tokens: 1001 }, { tokens: 7 }, { tokens: 2010 }] },
      { name: 'code', weight: 0.6, shards: [{ tokens: 10_001 }] },
      { name: 'books', weight: 0.05, shards: [{ tokens: 5005 }] },
    ],
  }

  test('gives each source its share at every prefix, each epoch everything once, and the rest of an epoch the begin of an order', () => {
    const mix = mixture(options)
    expect(mix.windows).toBe(2000)
    expect(mix.sources.map(({ windows, uniqueWindows }) => [windows, uniqueWindows])).toEqual([
      [700, 300],
      [1200, 1000],
      [100, 500],
    ])
    const counts = [0, 0, 0]
    const seen = [0, 1, 2].map(() => new Map<number, number[]>())
    places(mix).forEach((place, i) => {
      const { source, epoch, window } = place as ReturnType<typeof mix.at>
      counts[source] = (counts[source] as number) + 1
      counts.forEach((count, s) => {
        expect(Math.abs(count - (options.sources[s]?.weight as number) * (i + 1))).toBeLessThan(1)
      })
      const epochs = seen[source] as Map<number, number[]>
      epochs.set(epoch, [...(epochs.get(epoch) ?? []), window])
    })
    const sizes = seen.map((epochs) => [...epochs.values()].map((windows) => windows.length))
    expect(sizes).toEqual([[300, 300, 100], [1000, 200], [100]])
    seen.forEach((epochs, s) => {
      for (const windows of epochs.values()) expect(new Set(windows).size).toBe(windows.length)
      const order = shuffledOrder(mix.sources[s]?.uniqueWindows as number, 5, mix.sources[s]?.name as string)
      for (const [epoch, windows] of epochs) expect(windows).toEqual(windows.map((_, place) => order(epoch, place)))
    })
  })

  test('finds the windows in their shards, whole', () => {
    const mix = mixture(options)
    const found = new Set<string>()
    for (let i = 0; i < mix.windows; i++) {
      const { source, window, shard, start } = mix.at(i)
      const shards = options.sources[source]?.shards as { tokens: number }[]
      expect(start + 11).toBeLessThanOrEqual(shards[shard]?.tokens as number)
      if (source === 0) {
        found.add(`${shard} ${start}`)
        expect([shard, start]).toEqual(window < 100 ? [0, window * 10] : [2, (window - 100) * 10])
      }
    }
    expect(found.size).toBe(300)
  })

  test('is a function of the number alone: asked in any order, by anybody, as pinned here', () => {
    const mix = mixture(options)
    const forward = places(mix)
    const again = mixture(options)
    for (let i = again.windows - 1; i >= 0; i -= 7) expect(again.at(i)).toEqual(forward[i])
    for (const from of [0, 1, 699, 1999]) {
      const resumed = mixture(options)
      expect(Array.from({ length: 2000 - from }, (_, n) => resumed.at(from + n))).toEqual(forward.slice(from))
    }
    // Other processes and machines have to agree.
    expect([0, 1, 2, 1000, 1999].map((i) => Object.values(mix.at(i)).join(' '))).toEqual(PINNED)
  })

  test('goes on with a larger budget where a smaller one ended', () => {
    const [small, large] = [mixture(options), mixture({ ...options, tokens: 50_000 })]
    expect(places(large).slice(0, small.windows)).toEqual(places(small))
  })

  test('with epochs alone takes each source that often', () => {
    const [web, code, books] = options.sources.map(({ weight: _, ...source }) => source) as [
      { name: string; shards: { tokens: number }[] },
      { name: string; shards: { tokens: number }[] },
      { name: string; shards: { tokens: number }[] },
    ]
    const mix = mixture({
      window: 10,
      sources: [
        { ...web, epochs: 1.2 },
        { ...code, epochs: 1 },
        { ...books, epochs: 0.137 },
      ],
    })
    expect(mix.sources.map(({ windows }) => windows)).toEqual([360, 1000, 68])
    expect(mix.windows).toBe(1428)
    const seconds = places(mix).filter((place) => (place as { epoch: number }).epoch === 1)
    expect(seconds.length).toBe(60)
  })

  test('of 10^13 tokens stands on nothing that grows with them', () => {
    const mix = mixture({
      window: 4096,
      seed: 2 ** 40,
      tokens: PHI4_TOKENS,
      sources: PHI4_TABLE_5.map(
        ({ uniqueTokens, ...source }) => ({ ...source, shards: [{ tokens: uniqueTokens }] }) as never,
      ),
    })
    const { windows } = mix
    expect(windows).toBe(Math.floor(1e13 / 4096))
    // Every source's share at a prefix is told by its numbers: the last of each, and how many there are.
    expect(mix.sources.map((source) => source.windows).reduce((sum, count) => sum + count, 0)).toBe(windows)
    mix.sources.forEach((source, s) => {
      expect(Math.abs(source.windows - (PHI4_TABLE_5[s]?.weight as number) * windows)).toBeLessThan(1)
    })
    const lastEpochs = [0, 0, 0, 0, 0]
    for (let i = windows - 20; i < windows; i++) lastEpochs[mix.at(i).source] = mix.at(i).epoch
    expect(lastEpochs).toEqual([1, 5, 13, 2, 1])
    const middle = mix.at(Math.floor(windows / 2))
    expect(middle.start).toBe(middle.window * 4096)
    // A place cannot be remembered: a billion of them are as far apart as neighbours.
    expect(new Set(Array.from({ length: 2000 }, (_, n) => Object.values(mix.at(n * 1_000_003)).join())).size).toBe(2000)
  })

  test('with weights that no period says is off by less than a millionth of the run, and by a window of its own pattern', () => {
    const weights = [Math.SQRT1_2, 1 - Math.SQRT1_2]
    const sources = weights.map((weight, s) => ({ name: `${s}`, weight, shards: [{ tokens: 1e9 }] }))
    const mix = mixture({ window: 1, tokens: 5e8, sources })
    mix.sources.forEach(({ windows }, s) => {
      expect(Math.abs(windows / 5e8 - (weights[s] as number))).toBeLessThan(1e-6)
    })
  })

  test('refuses options outside their ranges, and windows beyond the run', () => {
    expect(() => mixture({ ...options, window: 0 })).toThrow('mixture: expected a whole window from 1, got 0.')
    expect(() => mixture({ ...options, seed: 0.5 })).toThrow(
      'mixture: expected a whole seed from 0 to 2^53 - 1, got 0.5.',
    )
    expect(() => mixture({ ...options, tokens: 9 })).toThrow(
      'mixture: expected a budget of at least a window, 10 tokens, got 9.',
    )
    expect(() => mixture({ ...options, window: 6000 })).toThrow(
      'planMixture: source "web": expected at least one token, got 0. Its shards may be shorter than a window.',
    )
    expect(() => mixture({ ...options, tokens: 100 })).toThrow(
      'mixture: source "books": expected at least a window, got none. Give it a larger weight, or the run a larger budget.',
    )
    for (const i of [-1, 2000, 0.5]) {
      expect(() => mixture(options).at(i)).toThrow(
        `mixture: at: expected a window from 0 to 1999, got ${i}. The run ends there; a larger budget goes on.`,
      )
    }
  })
})

const PINNED = ['1 0 231 0 2310', '0 0 49 0 490', '1 0 981 0 9810', '1 0 25 0 250', '1 1 10 0 100']
