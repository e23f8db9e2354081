import { describe, expect, test } from 'vitest'
import { bytesPerElement, type ScalarDType } from '../../src/dtype.js'
import {
  bfloat16BitsToFloat32,
  float16BitsToFloat32,
  float32ToBfloat16Bits,
  float32ToFloat16Bits,
} from '../../src/float-bits.js'
import { contiguousView, expandView, permuteView, sliceView, type View } from '../../src/view.js'
import { RELAXED } from '../kernel/run-kernel.js'
import { type MatmulInput, runMatmul } from './run-matmul.js'

let seed = 1
/** Numbers in [-1, 1) from a small linear congruential generator (Numerical Recipes). */
function random(n: number): Float32Array {
  return Float32Array.from({ length: n }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return seed / 2 ** 31 - 1
  })
}

function encode(values: Float32Array, dtype: ScalarDType): Uint8Array {
  if (dtype === 'float16') return new Uint8Array(float32ToFloat16Bits(values).buffer)
  if (dtype === 'bfloat16') return new Uint8Array(float32ToBfloat16Bits(values).buffer)
  return new Uint8Array(values.slice().buffer)
}

function decode(bytes: Uint8Array, dtype: ScalarDType): Float32Array {
  if (dtype === 'float16') return float16BitsToFloat32(new Uint16Array(bytes.buffer, 0, bytes.length / 2))
  if (dtype === 'bfloat16') return bfloat16BitsToFloat32(new Uint16Array(bytes.buffer, 0, bytes.length / 2))
  return new Float32Array(bytes.buffer, 0, bytes.length / 4)
}

/** An input whose view is made from a contiguous buffer of the given shape. */
function input(shape: readonly number[], dtype: ScalarDType = 'float32', see: (view: View) => View = (view) => view) {
  const bytes = encode(random(shape.reduce((a, b) => a * b, 1)), dtype)
  return { dtype, bytes, view: see(contiguousView(shape)) }
}

const transposed = (view: View): View => {
  const axes = view.shape.map((_, axis) => axis)
  return permuteView(view, [...axes.slice(0, -2), axes.length - 1, axes.length - 2])
}

/** Elements of a view in row-major order, as doubles. */
function elements({ dtype, bytes, view }: MatmulInput): Float64Array {
  const values = decode(bytes.slice(), dtype)
  const { shape, strides, offset } = view
  const n = shape.reduce((a, b) => a * b, 1)
  const out = new Float64Array(n)
  const index = shape.map(() => 0)
  for (let i = 0; i < n; i++) {
    out[i] = values[index.reduce((sum, at, axis) => sum + at * (strides[axis] as number), offset)] as number
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1
      if ((index[axis] as number) < (shape[axis] as number)) break
      index[axis] = 0
    }
  }
  return out
}

const STEP: Readonly<Record<string, number>> = { float32: 2 ** -24, float16: 2 ** -11, bfloat16: 2 ** -8 }

/** Runs with 1, 2 and 3 workers, compares all with sums in doubles, returns the passes' names. */
function check(
  a: MatmulInput,
  b: MatmulInput,
  output: ScalarDType = 'float32',
  batchInvariant = false,
): readonly string[] {
  const [m, k] = a.view.shape.slice(-2) as [number, number]
  const n = b.view.shape.at(-1) as number
  const batch = a.view.shape.slice(0, -2)
  const batches = batch.reduce((x, y) => x * y, 1)
  const shape = [...batch, m, n]
  const x = elements(a)
  const y = elements(b)
  const first = runMatmul([a, b], shape, output, { batchInvariant })
  const got = decode(first.output, output)
  let worst = 0
  for (let p = 0; p < batches; p++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0
        let size = 0
        for (let l = 0; l < k; l++) {
          const term = (x[(p * m + i) * k + l] as number) * (y[(p * k + l) * n + j] as number)
          sum += term
          size += Math.abs(term)
        }
        // Any order of summing float32 products stays within k steps of the terms' sizes; half a step of the output more.
        const bound =
          2 ** -24 * (k + 1) * size + (STEP[output] as number) * Math.abs(sum) + 1e-7 * Number(output === 'float16')
        const error = Math.abs((got[(p * m + i) * n + j] as number) - sum)
        if (!(error <= bound)) worst = Math.max(worst, error || Infinity)
      }
    }
  }
  expect(worst).toBe(0)
  for (const workers of [2, 3]) {
    const again = runMatmul([a, b], shape, output, { workers, batchInvariant })
    expect(Buffer.compare(again.output, first.output), `${workers} workers give other bits`).toBe(0)
  }
  return first.passes
}

const PACKED = ['matmulPack', 'matmulTiles']

describe('one matrix times one matrix', () => {
  const layouts = [
    ['A', 'B', false, false],
    ['A', 'B transposed', false, true],
    ['A transposed', 'B', true, false],
    ['A transposed', 'B transposed', true, true],
  ] as const
  describe.each(layouts)('%s, %s', (_a, _b, ta, tb) => {
    const sizes = [
      [1, 1, 1],
      [1, 64, 100],
      [1, 1000, 37],
      [2, 17, 9],
      [3, 5, 7],
      [4, 8, 8],
      [5, 33, 13],
      [16, 40, 24],
      [17, 70, 45],
      [64, 64, 64],
      [33, 129, 65],
      [100, 1, 100],
      [70, 3, 130],
      [31, 1100, 47],
      [129, 40, 257],
    ] as const
    test.each(sizes)('%i x %i x %i', (m, k, n) => {
      const a = ta ? input([k, m], 'float32', transposed) : input([m, k])
      const b = tb ? input([n, k], 'float32', transposed) : input([k, n])
      check(a, b)
      check(a, b, 'float32', true)
    })
  })

  test('a decode step against a transposed weight packs nothing', () => {
    expect(check(input([1, 96]), input([80, 96], 'float32', transposed))).toEqual(['matmulVector'])
    expect(check(input([1, 96]), input([96, 80]))).toEqual(['matmulStrips'])
    expect(check(input([64, 96]), input([80, 96], 'float32', transposed))).toEqual(PACKED)
  })

  test('no depth gives zeros, no result gives nothing to compare', () => {
    const { output, passes } = runMatmul([input([3, 0]), input([0, 5])], [3, 5], 'float32')
    expect([...new Float32Array(output.buffer)]).toEqual(new Array(15).fill(0))
    expect(passes).toEqual(['matmulStrips'])
  })

  test('slices with a step, backwards too', () => {
    const every = (view: View): View => sliceView(view, [1, 3], [40, 50], [2, 1])
    const back = (view: View): View => sliceView(view, [49, 89], [50, 45], [-1, -2])
    expect(check(input([90, 60], 'float32', every), input([50, 90], 'float32', back))).toEqual(PACKED)
  })

  test('without relaxed SIMD', () => {
    const [a, b] = [input([37, 50]), input([50, 43])]
    const plain = runMatmul([a, b], [37, 43], 'float32', { relaxedSimd: false })
    const relaxed = runMatmul([a, b], [37, 43], 'float32', { relaxedSimd: RELAXED })
    const difference = new Float32Array(plain.output.buffer).map(
      (x, i) => x - (new Float32Array(relaxed.output.buffer)[i] as number),
    )
    expect(Math.max(...difference.map(Math.abs))).toBeLessThan(1e-5)
  })
})

describe('batches', () => {
  test.each([
    ['attention scores', input([2, 3, 40, 16]), input([2, 3, 50, 16], 'float32', transposed)],
    ['attention values', input([2, 3, 40, 50]), input([2, 3, 50, 16])],
    ['many small ones', input([30, 9, 8]), input([30, 8, 10])],
    ['one B for all', input([4, 33, 20]), input([20, 70], 'float32', (view) => expandView(view, [4, 20, 70]))],
    ['one A for all', input([33, 20], 'float32', (view) => expandView(view, [4, 33, 20])), input([4, 20, 70])],
    [
      'grouped queries: two heads share a key head',
      input([2, 4, 40, 16]),
      input([2, 2, 1, 50, 16], 'float32', (view) => {
        const shared = expandView(view, [2, 2, 2, 50, 16])
        // The two head axes cannot be merged in B: two axes in A too.
        return transposed({ ...shared, shape: [2, 2, 2, 50, 16] })
      }),
    ],
    [
      'heads interleaved in the rows',
      input([2, 40, 3, 16], 'float32', (view) => permuteView(view, [0, 2, 1, 3])),
      input([2, 50, 3, 16], 'float32', (view) => permuteView(view, [0, 2, 3, 1])),
    ],
    ['four axes', input([2, 2, 2, 2, 35, 40]), input([2, 2, 2, 2, 40, 36])],
  ])('%s', (_name, a, b) => {
    const shape = b.view.shape.slice(0, -2)
    const view =
      a.view.shape.length === b.view.shape.length ? a.view : contiguousView([...shape, ...a.view.shape.slice(-2)])
    check({ ...a, view }, b)
    check({ ...a, view }, b, 'float32', true)
  })
})

describe('storage types', () => {
  test.each(['float16', 'bfloat16'] as const)('%s', (dtype) => {
    check(input([40, 70], dtype), input([70, 50], dtype), dtype)
    check(input([40, 700], dtype), input([50, 700], dtype, transposed), dtype)
    check(input([3, 70], dtype), input([50, 70], dtype, transposed), dtype)
    check(input([3, 70], dtype), input([70, 50], dtype), dtype)
    check(input([40, 70], dtype), input([70, 50], 'float32'), 'float32')
    expect(bytesPerElement(dtype)).toBe(2)
  })
})

describe('order of sums', () => {
  test('batchInvariant: a row alone has the bits that it has among others', () => {
    const a = input([70, 1300])
    const b = input([90, 1300], 'float32', transposed)
    const all = new Float32Array(runMatmul([a, b], [70, 90], 'float32', { batchInvariant: true }).output.buffer)
    for (const row of [0, 13, 69]) {
      const one = { ...a, view: sliceView(a.view, [row, 0], [1, 1300], [1, 1]) }
      const alone = new Float32Array(runMatmul([one, b], [1, 90], 'float32', { batchInvariant: true }).output.buffer)
      expect(alone).toEqual(all.slice(row * 90, row * 90 + 90))
    }
  })

  test.each([
    ['batch', [5, 64, 140], [5, 140, 72], 250_000],
    ['rows', [700, 90], [90, 100], 220_000],
    ['columns', [100, 90], [90, 700], 220_000],
    ['depth', [80, 1700], [1700, 90], 600_000],
    ['all', [3, 300, 900], [3, 900, 310], 900_000],
  ] as const)('a product in parts has the bits of the whole: %s', (_axis, left, right, workspaceBytes) => {
    const [a, b] = [input(left), input(right)]
    const shape = [...left.slice(0, -1), right.at(-1) as number]
    const whole = runMatmul([a, b], shape, 'float32')
    for (const workers of [1, 2]) {
      const parts = runMatmul([a, b], shape, 'float32', { workspaceBytes, workers })
      expect(whole.passes).toEqual(PACKED)
      expect(parts.passes.length).toBeGreaterThan(2)
      expect(Buffer.compare(parts.output, whole.output)).toBe(0)
    }
  })
})

test('a depth that does not fit the workspace runs in parts and adds up', () => {
  // 2 * 40 * 110000 floats are 35 MB of panels.
  const passes = check(input([40, 110000]), input([110000, 40]))
  expect(passes).toEqual([...PACKED, ...PACKED])
})
