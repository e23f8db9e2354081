import { goldenValues, loadGolden, seededRandom } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import { blockByteLength, defineFormat } from '../../src/formats/define-format.js'
import { q8_0 } from '../../src/formats/q8-0.js'
import type { Value } from '../../src/kernel/value.js'

/** These tests are about the host side. */
const kernelHooks = {
  decodeElement: () => (i: Value) => i,
  encodeBlock: () => undefined,
}

interface Golden {
  cases: { seed: number; length: number; scale: number; packed: string; unpacked: string }[]
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('Q8_0', () => {
  it('packs a block worked out by hand', () => {
    // max|x| = 254, so d = 2 = 0x4000 in float16 and q = x / 2; halves go away from zero.
    const x = new Float32Array(32)
    x.set([254, -254, 0, 1, -1, 3, -3, 2, 0.98])
    const packed = q8_0.encode(x)
    expect(packed).toHaveLength(34)
    expect(hex(packed.subarray(0, 2))).toBe('0040')
    expect(Array.from(new Int8Array(packed.buffer, 2, 9))).toEqual([127, -127, 0, 1, -1, 2, -2, 1, 0])
    const out = new Float32Array(32)
    q8_0.decode(packed, out)
    expect(Array.from(out.subarray(0, 9))).toEqual([254, -254, 0, 2, -2, 4, -4, 2, 0])
  })

  it('gives the bytes and the values of gguf-py', () => {
    const { cases } = loadGolden<Golden>(import.meta.url, './goldens/q8-0.json')
    for (const { seed, length, scale, packed, unpacked } of cases) {
      const bytes = q8_0.encode(goldenValues(seed, length, scale))
      expect(hex(bytes)).toBe(packed)
      const out = new Float32Array(length)
      q8_0.decode(bytes, out)
      expect(hex(new Uint8Array(out.buffer))).toBe(unpacked)
    }
  })

  it('is off by at most half a step and the rounding of the scale', () => {
    const x = seededRandom(3).normals(32 * 64)
    const out = new Float32Array(x.length)
    q8_0.decode(q8_0.encode(x), out)
    for (let block = 0; block < x.length; block += 32) {
      const largest = Math.max(...x.subarray(block, block + 32).map(Math.abs))
      const bound = (largest / 127) * (0.5 + 127 * 2 ** -11) * 1.001
      for (let i = block; i < block + 32; i++) expect(Math.abs(out[i] - x[i])).toBeLessThanOrEqual(bound)
    }
  })

  it('keeps zeros, packs nothing, and reads negative and extreme codes', () => {
    expect(hex(q8_0.encode(new Float32Array(32)))).toBe('00'.repeat(34))
    expect(q8_0.encode(new Float32Array(0))).toHaveLength(0)
    const bytes = new Uint8Array(34)
    bytes.set([0x00, 0xbc, 0x80, 0x7f, 0xff]) // d = -1
    const out = new Float32Array(32)
    q8_0.decode(bytes, out)
    expect(Array.from(out.subarray(0, 3))).toEqual([128, -127, 1])
  })

  it('refuses rows that are not whole blocks and numbers without a scale', () => {
    expect(() => q8_0.encode(new Float32Array(33))).toThrow(
      'Q8_0: expected rows of a multiple of 32 values, got shape [33]. Keep this tensor unpacked or pad its last axis.',
    )
    expect(() => blockByteLength(q8_0, [64, 48])).toThrow('got shape [64, 48]')
    expect(blockByteLength(q8_0, [3, 64])).toBe(204)
    expect(() => q8_0.decode(new Uint8Array(33), new Float32Array(32))).toThrow(
      'Q8_0.decode: expected whole blocks of 34 bytes, got 33 bytes. The data is truncated or of another format.',
    )
    expect(() => q8_0.decode(new Uint8Array(34), new Float32Array(64))).toThrow(
      'Q8_0.decode: expected an output of 32 values, got one of 64. Check the shape.',
    )
    const bad = (value: number) => () => q8_0.encode(new Float32Array(64).fill(value, 40, 41))
    expect(bad(Number.NaN)).toThrow(
      'Q8_0.encode: expected finite values below 8321040 in magnitude, got NaN in the block at 32. Keep this tensor unpacked.',
    )
    expect(bad(Infinity)).toThrow('got Infinity')
    expect(bad(8321040)).toThrow('got 8321040')
    expect(() => q8_0.encode(new Float32Array(32).fill(8321039))).not.toThrow()
  })
})

describe('defineFormat', () => {
  const decode = () => {}

  it('refuses sizes that are not positive integers', () => {
    expect(() => defineFormat({ name: 'F', blockSize: 0, bytesPerBlock: 1, decode, ...kernelHooks })).toThrow(
      'defineFormat: expected blockSize as a positive integer, got 0. Check format F.',
    )
    expect(() => defineFormat({ name: 'F', blockSize: 1, bytesPerBlock: 1.5, decode, ...kernelHooks })).toThrow(
      'got 1.5',
    )
    const wgsl = { decodeFour: () => 'return vec4<f32>(0.0);' }
    expect(() => defineFormat({ name: 'F', blockSize: 6, bytesPerBlock: 1, decode, ...kernelHooks, wgsl })).toThrow(
      'defineFormat: expected a blockSize that is a multiple of 4 beside wgsl, got 6. Leave wgsl away from format F.',
    )
  })

  it('says so when a format is only read', () => {
    const format = defineFormat({ name: 'F', blockSize: 4, bytesPerBlock: 1, decode, ...kernelHooks })
    expect(() => format.encode(new Float32Array(4))).toThrow(
      'F.encode: expected a format that can be written, got one that is only read. Pick another format.',
    )
  })
})
