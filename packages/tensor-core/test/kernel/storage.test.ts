import { describe, expect, test } from 'vitest'
import { computeTypeOf, type ScalarDType } from '../../src/dtype.js'
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from '../../src/float-bits.js'
import * as v from '../../src/kernel/expressions.js'
import { buildKernel, bytesOf, runKernel, WASM } from './run-kernel.js'

/** Copies n elements from one dtype to another, by lanes, through the compute type of `to`. */
function copy(from: ScalarDType, to: ScalarDType, input: Uint8Array, n: number, lanes: number): Uint8Array {
  const code = buildKernel('copy', WASM, (k) => {
    const x = k.buffer('x', from, 'read')
    const y = k.buffer('y', to, 'write')
    k.for(0, n, (i) => k.store(y, i, v.convert(v.load(x, i, lanes), computeTypeOf(to))), lanes)
  })
  const output = bytesOf(to, n)
  runKernel(code, [input.slice(), output])
  return output
}

const ALL16 = Uint16Array.from({ length: 65536 }, (_, i) => i)

describe.each([1, 4])('%i lanes', (lanes) => {
  test.each([
    ['float16', fromFloat16Bits],
    ['bfloat16', fromBfloat16Bits],
  ] as const)('every %s loads exactly', (dtype, value) => {
    const got = new Float32Array(copy(dtype, 'float32', new Uint8Array(ALL16.buffer), 65536, lanes).buffer)
    for (const bits of ALL16) {
      if (!Object.is(got[bits], value(bits))) expect.fail(`${bits.toString(16)}: ${got[bits]}, not ${value(bits)}`)
    }
  })

  test.each([
    ['float16', fromFloat16Bits, toFloat16Bits],
    ['bfloat16', fromBfloat16Bits, toBfloat16Bits],
  ] as const)('every %s, every midpoint and its neighbours round to even', (dtype, value, narrow) => {
    const floats: number[] = []
    const one = new Float32Array(1)
    const bits = new Uint32Array(one.buffer)
    for (let i = 0; i < 65536; i++) {
      const x = value(i)
      if (Number.isNaN(x)) continue
      one[0] = x
      const here = bits[0] as number
      // Half a step away in float32: exact for float16's normals, and near enough to matter elsewhere.
      const half = dtype === 'float16' ? 0x1000 : 0x8000
      for (const delta of [0, half - 1, half, half + 1]) {
        bits[0] = here + delta
        floats.push(one[0])
      }
      floats.push((x + value((i & 0x8000) | ((i & 0x7fff) + 1))) / 2 || 0)
    }
    floats.push(65519.996, 65520, 65535, 65536, -65520, 3.4028235e38, 1e-45, 2 ** -25, 2 ** -25 * 1.0000001, 1e30)
    while (floats.length % 4) floats.push(0)
    const input = Float32Array.from(floats)
    const got = new Uint16Array(copy('float32', dtype, new Uint8Array(input.buffer), input.length, lanes).buffer)
    for (const [i, x] of input.entries()) {
      const expected = narrow(x)
      if (Number.isNaN(x) ? !Number.isNaN(value(got[i] as number)) : got[i] !== expected) {
        expect.fail(`${x}: expected ${expected.toString(16)}, got ${(got[i] as number).toString(16)}`)
      }
    }
  })

  test.each(['float16', 'bfloat16'] as const)('NaN stays NaN with its sign in %s', (dtype) => {
    const input = Uint32Array.of(0x7fc00000, 0xffc00000, 0x7f800001, 0xffbfffff)
    const got = new Uint16Array(copy('float32', dtype, new Uint8Array(input.buffer), 4, lanes).buffer)
    const value = dtype === 'float16' ? fromFloat16Bits : fromBfloat16Bits
    expect([...got].map(value)).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN])
    expect([...got].map((bits) => bits >> 15)).toEqual([0, 1, 0, 1])
  })

  test('bytes load with and without sign and as truth', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const load = (from: ScalarDType) => [...new Int32Array(copy(from, 'int32', bytes, 256, lanes).buffer)]
    expect(load('uint8')).toEqual([...bytes])
    expect(load('int8')).toEqual([...new Int8Array(bytes.buffer)])
    expect(load('bool')).toEqual([...bytes].map((b) => Number(b !== 0)))
  })

  test('integers wrap into bytes, truths become 0 and 1', () => {
    const numbers = Int32Array.of(0, 1, 127, 128, 255, 256, 257, -1, -128, -129, 70000, -70000)
    const bytes = new Uint8Array(numbers.buffer)
    expect([...new Int8Array(copy('int32', 'int8', bytes, 12, lanes).buffer)]).toEqual([...Int8Array.from(numbers)])
    expect([...copy('int32', 'uint8', bytes, 12, lanes)]).toEqual([...Uint8Array.from(numbers)])
    expect([...copy('int32', 'bool', bytes, 12, lanes)]).toEqual([...numbers].map((x) => Number(x !== 0)))
    expect(new Int32Array(copy('int32', 'uint32', bytes, 12, lanes).buffer)).toEqual(numbers)
  })
})

test('a store writes no byte beyond its elements', () => {
  for (const dtype of ['float32', 'float16', 'bfloat16', 'int8', 'uint8', 'bool'] as const) {
    const code = buildKernel('four', WASM, (k) => {
      const y = k.buffer('y', dtype, 'write')
      k.store(y, 4, v.splat(v.constant(computeTypeOf(dtype), 1), 4))
    })
    const bytes = bytesOf(dtype, 12).fill(0xaa)
    const size = bytes.length / 12
    runKernel(code, [bytes])
    expect([...bytes.slice(0, 4 * size), ...bytes.slice(8 * size)].every((b) => b === 0xaa)).toBe(true)
    expect(bytes.slice(4 * size, 8 * size).some((b) => b === 0xaa)).toBe(false)
  }
})
