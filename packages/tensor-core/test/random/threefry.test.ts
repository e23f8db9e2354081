import { describe, expect, it } from 'vitest'
import { threefry2x32, threefryBits } from '../../src/random/threefry.js'

const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, '0')).join(' ')

describe('threefry2x32', () => {
  // Random123 1.14, kat_vectors, "threefry2x32 20".
  it.each([
    { counter: [0, 0], key: [0, 0], expected: '6b200159 99ba4efe' },
    { counter: [0xffffffff, 0xffffffff], key: [0xffffffff, 0xffffffff], expected: '1cb996fc bb002be7' },
    { counter: [0x243f6a88, 0x85a308d3], key: [0x13198a2e, 0x03707344], expected: 'c4923a9c 483df7a0' },
  ])('gives the published answer $expected', ({ counter, key, expected }) => {
    expect(hex(threefry2x32(key[0], key[1], counter[0], counter[1]))).toBe(expected)
  })

  it('takes its words modulo 2^32', () => {
    expect(threefry2x32(-1, 2 ** 32 + 5, -1, 7)).toEqual(threefry2x32(0xffffffff, 5, 0xffffffff, 7))
  })

  it('flips about half of the bits when one bit of the key or the counter flips', () => {
    let flipped = 0
    let trials = 0
    for (let bit = 0; bit < 128; bit++) {
      for (let i = 0; i < 32; i++) {
        const words: [number, number, number, number] = [i, 2 * i + 1, 3 * i, 5 * i]
        const before = threefry2x32(...words)
        words[bit >> 5] ^= 1 << (bit & 31)
        const after = threefry2x32(...words)
        for (let w = 0; w < 2; w++) for (let d = before[w] ^ after[w]; d !== 0; d &= d - 1) flipped++
        trials += 64
      }
    }
    // Four standard errors of a fair coin.
    expect(Math.abs(flipped / trials - 0.5)).toBeLessThan(4 * (0.5 / Math.sqrt(trials)))
  })
})

describe('threefryBits', () => {
  it('is x0 ^ x1 of counter (0, i)', () => {
    const [x0, x1] = threefry2x32(3, 4, 0, 17)
    expect(threefryBits(3, 4, 17)).toBe((x0 ^ x1) >>> 0)
  })

  it.each([0, 1, 0xdeadbeef])('is uniform for key (0, %i): mean, variance and chi-square over 256 bins', (seed) => {
    const count = 1 << 16
    const draws = Float64Array.from({ length: count }, (_, i) => threefryBits(0, seed, i) / 2 ** 32)
    const mean = draws.reduce((a, b) => a + b, 0) / count
    const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / count
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * count))
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / count))
    const top = new Float64Array(256)
    const bottom = new Float64Array(256)
    for (let i = 0; i < count; i++) {
      const bits = threefryBits(0, seed, i)
      top[bits >>> 24]++
      bottom[bits & 255]++
    }
    for (const bins of [top, bottom]) {
      const chiSquare = bins.reduce((sum, seen) => sum + (seen - count / 256) ** 2 / (count / 256), 0)
      // 255 degrees of freedom: mean 255, deviation sqrt(510); the bounds are four deviations away.
      expect(chiSquare).toBeGreaterThan(255 - 4 * Math.sqrt(510))
      expect(chiSquare).toBeLessThan(255 + 4 * Math.sqrt(510))
    }
  })

  it('does not correlate neighbouring elements or the three derivations of one key', () => {
    const count = 1 << 14
    const centred = (bits: number) => bits / 2 ** 32 - 0.5
    const draw = (i: number) => centred(threefryBits(0, 9, i))
    const derived = (use: number, i: number) => centred(threefry2x32(0, 9, use, i)[0])
    const correlation = (f: (i: number) => number, g: (i: number) => number) => {
      let sum = 0
      for (let i = 0; i < count; i++) sum += f(i) * g(i)
      return (12 * sum) / count
    }
    const bound = 4 / Math.sqrt(count)
    expect(Math.abs(correlation(draw, (i) => draw(i + 1)))).toBeLessThan(bound)
    expect(
      Math.abs(
        correlation(
          (i) => derived(0, i),
          (i) => derived(1, i),
        ),
      ),
    ).toBeLessThan(bound)
    expect(
      Math.abs(
        correlation(
          (i) => derived(1, i),
          (i) => derived(2, i),
        ),
      ),
    ).toBeLessThan(bound)
  })
})
