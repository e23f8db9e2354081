import { goldenValues, loadGolden, seededRandom } from '@almanac/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import { q4_0 } from '../../src/formats/q4-0.js'
import { cpuDevice, tensor, wasmDevice } from '../../src/index.js'

interface Golden {
  cases: { seed: number; length: number; scale: number; packed: string; unpacked: string }[]
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const devices = [1, 2].map((threads) => wasmDevice({ threads }))
const cpu = cpuDevice()
afterAll(() => Promise.all([...devices, cpu].map((device) => device.close())))

const { cases } = loadGolden<Golden>(import.meta.url, './goldens/q4-0.json')

describe('Q4_0', () => {
  it('packs a block worked out by hand', () => {
    // The value of largest magnitude is 16, so d = -2 = 0xc000 in float16 and q = trunc(8.5 - x / 2), at most 15.
    const x = new Float32Array(32)
    x.set([16, -16, 0, 1, -1, 2, -2, 0.98])
    x.set([-14, 14], 16)
    const packed = q4_0.encode(x)
    expect(packed).toHaveLength(18)
    expect(hex(packed.subarray(0, 2))).toBe('00c0')
    expect(Array.from(packed.subarray(2, 10), (b) => b & 15)).toEqual([0, 15, 8, 8, 9, 7, 9, 8])
    expect(Array.from(packed.subarray(2, 5), (b) => b >> 4)).toEqual([15, 1, 8])
    const out = new Float32Array(32)
    q4_0.decode(packed, out)
    expect(Array.from(out.subarray(0, 8))).toEqual([16, -14, -0, -0, -2, 2, -2, -0])
    expect(Array.from(out.subarray(16, 19))).toEqual([-14, 14, -0])
  })

  it('gives the bytes and the values of gguf-py', () => {
    for (const { seed, length, scale, packed, unpacked } of cases) {
      const bytes = q4_0.encode(goldenValues(seed, length, scale))
      expect(hex(bytes)).toBe(packed)
      const out = new Float32Array(length)
      q4_0.decode(bytes, out)
      expect(hex(new Uint8Array(out.buffer))).toBe(unpacked)
    }
  })

  it('packs and unpacks the same by the kernels of every CPU device', async () => {
    for (const device of [...devices, cpu]) {
      for (const { seed, length, scale, packed, unpacked } of cases) {
        const cell = tensor(goldenValues(seed, length, scale), { device }).cast(q4_0)
        expect(hex(await cell.bytes())).toBe(packed)
        expect(hex(await cell.cast('float32').bytes())).toBe(unpacked)
      }
    }
  })

  it('takes the sign of the scale from the first of the values of largest magnitude', () => {
    const first = (...values: number[]) => {
      const x = new Float32Array(32)
      x.set(values, 7)
      return hex(q4_0.encode(x).subarray(0, 2))
    }
    expect(first(8, -8)).toBe('00bc')
    expect(first(-8, 8)).toBe('003c')
    expect(first(1, -8, 8, -8)).toBe('003c')
  })

  it('gives what it unpacked once more the same values', () => {
    const x = seededRandom(5).normals(32 * 16)
    const [once, twice] = [new Float32Array(x.length), new Float32Array(x.length)]
    q4_0.decode(q4_0.encode(x), once)
    q4_0.decode(q4_0.encode(once), twice)
    expect(twice).toEqual(once)
  })

  it('is off by at most half a step, a whole one at the end that codes do not reach, and the rounding of the scale', () => {
    const x = seededRandom(3).normals(32 * 64)
    const out = new Float32Array(x.length)
    q4_0.decode(q4_0.encode(x), out)
    for (let block = 0; block < x.length; block += 32) {
      const values = x.subarray(block, block + 32)
      const largest = values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0)
      const step = Math.abs(largest) / 8
      for (const [i, value] of values.entries()) {
        const beyond = -value / Math.sign(largest) > 7.5 * step
        const bound = step * ((beyond ? 1 : 0.5) + 8 * 2 ** -11) * 1.001
        expect(Math.abs((out[block + i] as number) - value)).toBeLessThanOrEqual(bound)
      }
    }
  })

  it('keeps zeros, packs nothing, and reads all codes under a scale of either sign', async () => {
    // d = -0, as the reference has it.
    const zeros = `0080${'88'.repeat(16)}`
    expect(hex(q4_0.encode(new Float32Array(32)))).toBe(zeros)
    for (const device of [...devices, cpu]) {
      expect(hex(await tensor(new Float32Array(32), { device }).cast(q4_0).bytes())).toBe(zeros)
    }
    expect(q4_0.encode(new Float32Array(0))).toHaveLength(0)
    const bytes = Uint8Array.from([0x00, 0xbc, ...Array.from({ length: 16 }, (_, j) => j | ((15 - j) << 4))])
    const out = new Float32Array(32)
    q4_0.decode(bytes, out)
    const down = Array.from({ length: 16 }, (_, j) => -1 * (j - 8))
    expect(Array.from(out)).toEqual([...down, ...down.toReversed()])
  })

  it('refuses numbers without a scale', () => {
    expect(() => q4_0.encode(new Float32Array(33))).toThrow(
      'Q4_0: expected rows of a multiple of 32 values, got shape [33]. Keep this tensor unpacked or pad its last axis.',
    )
    const bad = (value: number) => () => q4_0.encode(new Float32Array(64).fill(value, 40, 41))
    expect(bad(Number.NaN)).toThrow(
      'Q4_0.encode: expected finite values below 524160 in magnitude, got NaN in the block at 32. Keep this tensor unpacked.',
    )
    expect(bad(Number.NEGATIVE_INFINITY)).toThrow('got -Infinity')
    expect(bad(-524160)).toThrow('got -524160')
    expect(() => q4_0.encode(new Float32Array(32).fill(524159))).not.toThrow()
  })
})
