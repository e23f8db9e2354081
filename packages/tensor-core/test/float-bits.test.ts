import { describe, expect, it } from 'vitest'
import {
  bfloat16BitsToFloat32,
  float16BitsToFloat32,
  float32ToBfloat16Bits,
  float32ToFloat16Bits,
  floatBits,
  fromBfloat16Bits,
  fromFloat16Bits,
  toBfloat16Bits,
  toFloat16Bits,
} from '../src/float-bits.js'

const ALL = Uint16Array.from({ length: 65_536 }, (_, i) => i)

/** The definition: sign, exponent of `exponentBits`, fraction. */
function valueByDefinition(bits: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits & 0x7fff) >> fractionBits
  const fraction = (bits & ((1 << fractionBits) - 1)) / (1 << fractionBits)
  const bias = (1 << (exponentBits - 1)) - 1
  if (exponent === (1 << exponentBits) - 1) return fraction === 0 ? sign * Infinity : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias)
}

const formats = [
  {
    name: 'float16',
    exponentBits: 5,
    quiet: 0x200,
    infinity: 0x7c00,
    widen: float16BitsToFloat32,
    narrow: float32ToFloat16Bits,
    from: fromFloat16Bits,
    to: toFloat16Bits,
  },
  {
    name: 'bfloat16',
    exponentBits: 8,
    quiet: 0x40,
    infinity: 0x7f80,
    widen: bfloat16BitsToFloat32,
    narrow: float32ToBfloat16Bits,
    from: fromBfloat16Bits,
    to: toBfloat16Bits,
  },
]

describe.each(formats)('$name', ({ exponentBits, quiet, infinity, widen, narrow, from, to }) => {
  it('widens all 65,536 patterns by the definition', () => {
    const wide = widen(ALL)
    for (let bits = 0; bits < 65_536; bits++) {
      const expected = valueByDefinition(bits, exponentBits)
      if (!Object.is(wide[bits], expected) || !Object.is(from(bits), expected)) {
        expect.fail(`pattern ${bits}: expected ${expected}, got ${wide[bits]} and ${from(bits)}`)
      }
    }
  })

  it('narrows what it widened to the same bits, NaN quiet with sign and payload', () => {
    const back = narrow(widen(ALL))
    for (let bits = 0; bits < 65_536; bits++) {
      const nan = (bits & 0x7fff) > infinity
      const expected = nan ? bits | quiet : bits
      if (back[bits] !== expected) expect.fail(`pattern ${bits}: expected ${expected}, got ${back[bits]}`)
      if (!nan && to(from(bits)) !== bits) expect.fail(`pattern ${bits}: scalar gives ${to(from(bits))}`)
    }
    expect(to(Number.NaN) & 0x7fff).toBeGreaterThan(infinity)
  })

  it('rounds to nearest, ties to even, between every two neighbours', () => {
    // Half way between two neighbours is exact in float32, and so are the float32 just below and above it.
    const halves = new Float32Array(1)
    const bitsOf = new Uint32Array(halves.buffer)
    for (let bits = 0; bits < infinity - 1; bits++) {
      const even = bits % 2 === 0 ? bits : bits + 1
      halves[0] = (from(bits) + from(bits + 1)) / 2
      const half = halves[0]
      bitsOf[0]--
      const below = halves[0]
      bitsOf[0] += 2
      const above = halves[0]
      if (to(half) !== even || to(below) !== bits || to(above) !== bits + 1) {
        expect.fail(`between ${bits} and ${bits + 1}: got ${to(below)}, ${to(half)}, ${to(above)}`)
      }
      if (to(-half) !== (even | 0x8000)) expect.fail(`between -${bits} and -${bits + 1}: got ${to(-half)}`)
    }
  })

  it('overflows to infinity from half a step beyond the largest value', () => {
    const largest = from(infinity - 1)
    const step = largest - from(infinity - 2)
    expect(to(largest + step / 2)).toBe(infinity)
    expect(to(largest + step / 2 - step / 64)).toBe(infinity - 1)
    expect(to(-(largest + step / 2))).toBe(infinity | 0x8000)
    expect(to(Infinity)).toBe(infinity)
  })

  it('reads views that do not start at byte 0, and empty arrays', () => {
    const buffer = new Float32Array([9, 1.5, -2])
    expect(Array.from(widen(narrow(buffer.subarray(1))))).toEqual([1.5, -2])
    expect(narrow(new Float32Array(0))).toHaveLength(0)
    expect(widen(new Uint16Array(0))).toHaveLength(0)
  })
})

it('knows the textbook patterns', () => {
  expect([1, -2, 65504, 2 ** -24, 2 ** -14, 1 / 3].map(toFloat16Bits)).toEqual([
    0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555,
  ])
  expect([65519.99, 65520, 2 ** -25, 2 ** -25 * 1.0001].map(toFloat16Bits)).toEqual([0x7bff, 0x7c00, 0, 1])
  expect([1, -2, Math.PI, 1 / 3].map(toBfloat16Bits)).toEqual([0x3f80, 0xc000, 0x4049, 0x3eab])
  expect(Object.is(fromFloat16Bits(toFloat16Bits(-0)), -0)).toBe(true)
})

it('gives the bits of a float32 as a signed integer', () => {
  expect([0, 1, -1, 0.1, -0].map(floatBits)).toEqual([0, 0x3f800000, 0xbf800000 | 0, 0x3dcccccd, 0x80000000 | 0])
})
