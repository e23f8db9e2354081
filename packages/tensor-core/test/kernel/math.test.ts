import { describe, expect, test } from 'vitest'
import * as v from '../../src/kernel/expressions.js'
import type { MathOp } from '../../src/kernel/math/math-function.js'
import type { Value } from '../../src/kernel/value.js'
import { buildKernel, RELAXED, runKernel, WASM } from './run-kernel.js'

const OPS: { readonly [O in MathOp]: (a: Value) => Value } = {
  exp: v.exp,
  log: v.log,
  sin: v.sin,
  cos: v.cos,
  tanh: v.tanh,
  erf: v.erf,
}

function evaluate(op: MathOp, x: readonly number[], lanes: number, relaxedSimd: boolean): Float32Array {
  const n = Math.ceil(x.length / 4) * 4
  const code = buildKernel(op, WASM, (k) => {
    const a = k.buffer('a', 'float32', 'read')
    const out = k.buffer('out', 'float32', 'write')
    k.for(0, k.param('n'), (i) => k.store(out, i, OPS[op](v.load(a, i, lanes))), lanes)
  })
  const input = new Float32Array(n)
  input.set(x)
  const output = new Float32Array(n)
  runKernel(code, [new Uint8Array(input.buffer), new Uint8Array(output.buffer)], [n], { relaxedSimd })
  return output.subarray(0, x.length)
}

/** erf(x) = 2 / sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (2n+1)!!, all terms positive. Abramowitz and Stegun 7.1.6. */
function erfReference(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

const REFERENCE: { readonly [O in MathOp]: (x: number) => number } = {
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  erf: erfReference,
}

const one = new Float32Array(1)
const bits = new Int32Array(one.buffer)
/** The step between float32 values at x. */
function ulp(x: number): number {
  one[0] = Math.abs(x)
  if (!Number.isFinite(one[0])) return 2 ** 104
  const low = one[0]
  bits[0] = (bits[0] as number) + 1
  return Math.min(one[0] - low, 2 ** 104)
}

/** Values spread evenly in [low, high], or evenly over the float32 bit patterns between two positive ones. */
const linear = (low: number, high: number, n = 40000): number[] =>
  Array.from({ length: n }, (_, i) => Math.fround(low + ((high - low) * i) / (n - 1)))
function logarithmic(low: number, high: number, n = 40000): number[] {
  one[0] = low
  const first = bits[0] as number
  one[0] = high
  const last = bits[0] as number
  return Array.from({ length: n }, (_, i) => {
    bits[0] = Math.floor(first + ((last - first) * i) / (n - 1))
    return one[0] as number
  })
}
const bothSigns = (x: number[]): number[] => x.flatMap((value) => [value, -value])

/** The largest error over x, in units of `unit` at the true value. */
function worst(op: MathOp, x: number[], relaxed: boolean, unit: (y: number) => number): number {
  const got = evaluate(op, x, 4, relaxed)
  let error = 0
  for (const [i, value] of x.entries()) {
    const expected = REFERENCE[op](value)
    if (Math.fround(expected) === got[i]) continue
    error = Math.max(error, Math.abs((got[i] as number) - expected) / unit(expected))
  }
  return error
}

describe.each(RELAXED ? [false, true] : [false])('relaxed SIMD %s', (relaxed) => {
  const cases: [MathOp, string, number[], number, (y: number) => number][] = [
    ['exp', 'ulp, normal results', linear(-87.33, 88.722), 2, ulp],
    ['exp', 'ulp near 0', bothSigns(logarithmic(1e-10, 1)), 2, ulp],
    ['exp', 'ulp, subnormal results', linear(-103.97, -87.34), 1, ulp],
    ['log', 'ulp', logarithmic(1.17549435e-38, 3.4e38), 2, ulp],
    ['log', 'ulp near 1', linear(0.5, 2), 2, ulp],
    ['log', 'ulp, subnormal arguments', logarithmic(1.4e-45, 1.17e-38), 2, ulp],
    ['sin', 'absolute, to 10', linear(-10, 10), 2e-7, () => 1],
    ['cos', 'absolute, to 10', linear(-10, 10), 2e-7, () => 1],
    ['sin', 'absolute, to 1e5', linear(-1e5, 1e5), 1e-6, () => 1],
    ['cos', 'absolute, to 1e5', linear(-1e5, 1e5), 1e-6, () => 1],
    ['sin', 'ulp near 0', bothSigns(logarithmic(1e-30, 0.7)), 2, ulp],
    ['tanh', 'ulp', bothSigns(logarithmic(1e-30, 20)), 2, ulp],
    ['erf', 'absolute', linear(-5, 5), 2e-7, () => 1],
    ['erf', 'ulp near 0', bothSigns(logarithmic(1e-30, 1)), 3, ulp],
  ]
  test.each(cases)('%s: %s', (op, name, x, bound, unit) => {
    const error = worst(op, x, relaxed, unit)
    if (process.env['ALMANAC_PRINT_ERRORS']) console.log(`${op}, ${name}, relaxed ${relaxed}: ${error.toPrecision(3)}`)
    expect(error).toBeLessThanOrEqual(bound)
  })

  test.each(Object.keys(OPS) as MathOp[])('%s: one lane and four give the same bits', (op) => {
    const x = [...linear(-120, 120, 4000), ...bothSigns(logarithmic(1e-44, 3e38, 2000)), 0, -0, Infinity, Number.NaN]
    expect(evaluate(op, x, 1, relaxed)).toEqual(evaluate(op, x, 4, relaxed))
  })

  test('special values', () => {
    const special = [0, -0, Infinity, -Infinity, Number.NaN]
    const of = (op: MathOp, x = special) => [...evaluate(op, x, 4, relaxed)]
    expect(of('exp')).toEqual([1, 1, Infinity, 0, Number.NaN])
    expect(of('exp', [88.73, 1e30, 88.72, -103.98, -1e30])).toEqual([Infinity, Infinity, expect.any(Number), 0, 0])
    expect(of('exp', [88.72])[0]).toBeLessThan(Infinity)
    expect(of('log')).toEqual([-Infinity, -Infinity, Infinity, Number.NaN, Number.NaN])
    expect(of('log', [-1, -1e-45, 1])).toEqual([Number.NaN, Number.NaN, 0])
    expect(of('sin')).toEqual([0, expect.closeTo(0), Number.NaN, Number.NaN, Number.NaN])
    expect(of('cos')).toEqual([1, 1, Number.NaN, Number.NaN, Number.NaN])
    expect(of('tanh').map((x) => x + 0)).toEqual([0, 0, 1, -1, Number.NaN])
    expect(of('erf')).toEqual([0, -0, 1, -1, Number.NaN])
    for (const x of [...of('sin', [1e9, -3e38, 1e20]), ...of('cos', [1e9, -3e38, 1e20])]) {
      expect(Math.abs(x)).toBeLessThanOrEqual(1)
    }
  })
})
