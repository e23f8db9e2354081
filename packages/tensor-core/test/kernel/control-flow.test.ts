import { describe, expect, test } from 'vitest'
import { KernelTypeError } from '../../src/errors.js'
import { emitWasm } from '../../src/kernel/emit-wasm.js'
import * as v from '../../src/kernel/expressions.js'
import type { KernelBuilder } from '../../src/kernel/kernel-builder.js'
import type { BufferRef, Value } from '../../src/kernel/value.js'
import { buildKernel, runKernel, WASM } from './run-kernel.js'

/** Runs a kernel over one int32 buffer of n zeros. */
function onInts(
  n: number,
  params: readonly number[],
  build: (k: KernelBuilder, out: BufferRef, ...params: Value[]) => void,
  workers = 1,
): number[] {
  const code = buildKernel('ints', WASM, (k) => {
    const out = k.buffer('out', 'int32', 'readwrite')
    build(k, out, ...params.map((_, i) => k.param(`p${i}`)))
  })
  const ints = new Int32Array(n)
  runKernel(code, [new Uint8Array(ints.buffer)], params, { workers })
  return [...ints]
}

describe('loops and branches', () => {
  test('for runs while below its end, by its step, and not at all for an empty range', () => {
    const run = (start: number, end: number, step: number) =>
      onInts(8, [start, end, step], (k, out, a, b, c) => k.for(a!, b!, (i) => k.store(out, i, v.i32(1)), c!))
    expect(run(0, 8, 1)).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
    expect(run(1, 8, 3)).toEqual([0, 1, 0, 0, 1, 0, 0, 1])
    expect(run(3, 3, 1)).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
    expect(run(5, 2, 1)).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
    expect(run(-2, 1, 2).slice(0, 2)).toEqual([1, 0])
  })

  test('the bounds of a for are evaluated once', () => {
    const out = onInts(4, [3], (k, out, n) => {
      const end = k.variable(n!)
      k.for(0, end.get(), (i) => {
        end.set(v.i32(1))
        k.store(out, i, v.i32(7))
      })
    })
    expect(out).toEqual([7, 7, 7, 0])
  })

  test('while tests before each turn', () => {
    const collatz = (n: number) =>
      onInts(1, [n], (k, out, start) => {
        const x = k.variable(start!)
        const steps = k.variable(v.i32(0))
        k.while(
          () => v.gt(x.get(), 1),
          () => {
            k.if(
              v.eq(v.rem(x.get(), v.i32(2)), 0),
              () => x.set(v.div(x.get(), v.i32(2))),
              () => x.set(v.add(v.mul(x.get(), v.i32(3)), v.i32(1))),
            )
            steps.set(v.add(steps.get(), v.i32(1)))
          },
        )
        k.store(out, 0, steps.get())
      })[0]
    expect([1, 6, 27].map(collatz)).toEqual([0, 8, 111])
  })

  test('let copies a variable, so a later change does not reach it', () => {
    const out = onInts(2, [5], (k, out, p) => {
      const x = k.variable(p!)
      const before = k.let(x.get())
      x.set(v.i32(9))
      k.store(out, 0, before)
      k.store(out, 1, x.get())
    })
    expect(out).toEqual([5, 9])
  })

  test('forVector takes whole vectors, then the rest one by one', () => {
    for (const [begin, end] of [
      [0, 11],
      [3, 3],
      [2, 5],
      [1, 9],
    ] as const) {
      const out = onInts(12, [begin, end], (k, out, a, b) =>
        k.forVector(a!, b!, (i, lanes) => k.store(out, i, v.splat(v.i32(lanes), lanes))),
      )
      const count = end - begin
      const vectors = count - (count % 4)
      expect(out).toEqual(out.map((_, i) => (i < begin || i >= end ? 0 : i < begin + vectors ? 4 : 1)))
    }
  })
})

describe('parallel', () => {
  test.each([1, 2, 3, 4, 5])('%i workers cover every unit once, in ranges of whole grains', (workers) => {
    for (const count of [0, 1, 2, 7, 16, 33, 100]) {
      for (const grain of [1, 4, 7]) {
        const out = onInts(
          100,
          [count],
          (k, out, n) =>
            k.parallelRange(n!, grain, (begin, end) => {
              k.for(begin, end, (i) =>
                k.store(out, i, v.add(v.load(out, i, 1), v.add(v.mul(v.worker(), v.i32(100)), v.i32(1)))),
              )
            }),
          workers,
        )
        const owners = out.slice(0, count).map((x) => Math.floor(x / 100))
        expect(out.every((x, i) => x % 100 === Number(i < count))).toBe(true)
        expect(owners).toEqual(owners.toSorted((a, b) => a - b))
        for (let i = 1; i < count; i++) if (owners[i] !== owners[i - 1]) expect(i % grain).toBe(0)
        // No worker has more than its share of grains.
        const share = Math.ceil(Math.ceil(count / grain) / workers) * grain
        for (const owner of new Set(owners)) expect(owners.filter((o) => o === owner).length).toBeLessThanOrEqual(share)
      }
    }
  })

  test('a negative count is none', () => {
    expect(onInts(1, [-5], (k, out, n) => k.parallel(n!, () => k.store(out, 0, v.i32(1))))).toEqual([0])
  })

  test('a kernel without it runs on worker 0 alone', () => {
    const out = onInts(1, [], (k, out) => k.store(out, 0, v.add(v.load(out, 0, 1), v.i32(1))), 3)
    expect(out).toEqual([1])
  })
})

describe('functions', () => {
  test.each(['call', 'inline'] as const)('%s: parameters, results, buffers, kernel parameters, nesting', (form) => {
    const out = onInts(6, [10], (k, out, p) => {
      const ints = [{ name: 'x', type: 'i32' } as const]
      const plus = k.func('plus', ints, (x) => v.add(x!, p!), form)
      const twice = k.func('twice', ints, (x) => v.call(plus, [v.call(plus, [x!])]), form)
      const put = k.func(
        'put',
        [...ints, { name: 'at', type: 'i32' }],
        (x, at) => {
          const sum = k.variable(v.i32(0))
          k.for(0, 3, () => sum.set(v.add(sum.get(), x!)))
          k.store(out, at!, sum.get())
          k.if(v.gt(at!, 0), () => k.store(out, v.sub(at!, v.i32(1)), v.worker()))
          return undefined
        },
        form,
      )
      k.call(put, [v.call(twice, [v.i32(1)]), 2])
      k.call(put, [v.call(plus, [v.i32(5)]), 5])
      k.store(out, 0, v.call(twice, [v.call(twice, [v.i32(0)])]))
      k.call(plus, [1])
    })
    expect(out).toEqual([40, 0, 63, 0, 0, 45])
  })

  test('vector parameters and results', () => {
    const out = onInts(4, [], (k, out) => {
      const square = k.func('square', [{ name: 'x', type: 'i32', lanes: 4 }], (x) => v.mul(x!, x!))
      k.store(out, 0, v.call(square, [v.splat(v.i32(3), 4)]))
    })
    expect(out).toEqual([9, 9, 9, 9])
  })
})

describe('addresses', () => {
  const code = (index: (i: Value) => Value) =>
    buildKernel('addresses', WASM, (k) => {
      const x = k.buffer('x', 'float32', 'readwrite')
      const i = k.param('i')
      k.store(x, 0, v.load(x, index(i), 1))
    })
  const load = (index: (i: Value) => Value, i: number): number => {
    const x = Float32Array.from({ length: 400 }, (_, j) => j)
    runKernel(code(index), [new Uint8Array(x.buffer)], [i])
    return x[0] as number
  }
  test('constants fold into the instruction, and the element is the same', () => {
    expect(load((i) => v.add(i, v.i32(5)), 7)).toBe(12)
    expect(load((i) => v.add(v.add(v.i32(2), i), v.i32(5)), 7)).toBe(14)
    expect(load((i) => v.add(i, v.i32(300)), 7)).toBe(307)
    expect(load((i) => v.add(i, v.i32(-3)), 7)).toBe(4)
    expect(load((i) => v.add(v.mul(i, v.i32(6)), v.i32(1)), 7)).toBe(43)
    expect(load((i) => v.add(i, v.i32(256)), -200)).toBe(56)
    expect(load(() => v.i32(399), 0)).toBe(399)
    const options = { sharedMemory: false, maximumPages: 1, relaxedSimd: false }
    const plain = emitWasm(
      code((i) => i),
      options,
    )
    const folded = emitWasm(
      code((i) => v.add(i, v.i32(5))),
      options,
    )
    const unfolded = emitWasm(
      code((i) => v.add(i, v.i32(300))),
      options,
    )
    expect(folded.length).toBe(plain.length)
    expect(unfolded.length).toBeGreaterThan(plain.length)
  })
  test('a buffer under two dtypes', () => {
    const out = onInts(2, [], (k, out) => {
      k.store(k.reinterpret(out, 'float32'), 0, v.f32(1))
      k.store(k.reinterpret(out, 'uint8'), 5, v.u32(1))
    })
    expect(out).toEqual([0x3f800000, 256])
  })
})

describe('rules', () => {
  const emit = (build: (k: KernelBuilder) => void) => () =>
    emitWasm(buildKernel('bad', WASM, build), { sharedMemory: true, maximumPages: 1, relaxedSimd: false })
  const cases: [string, (k: KernelBuilder) => void, string][] = [
    [
      'store of another type',
      (k) => k.store(k.buffer('y', 'float32', 'write'), 0, v.i32(1)),
      'kernel bad: store y: expected f32 x 1, got i32 x 1 (const).',
    ],
    [
      'store into an input',
      (k) => k.store(k.buffer('y', 'float32', 'read'), 0, v.f32(1)),
      "kernel bad: store y: expected a buffer that may be written, got one with access 'read'.",
    ],
    [
      'a float operation on integers',
      (k) => k.store(k.buffer('y', 'int32', 'write'), 0, v.sqrt(v.i32(1))),
      'kernel bad: sqrt: expected f32 x 1, got i32 x 1 (const).',
    ],
    [
      'a mathematical function of integers',
      (k) => k.store(k.buffer('y', 'int32', 'write'), 0, v.exp(v.i32(1))),
      'kernel bad: exp: expected f32 x 1, got i32 x 1 (const).',
    ],
    [
      'arithmetic on truths',
      (k) => k.store(k.buffer('y', 'bool', 'write'), 0, v.add(v.bool(true), v.bool(true))),
      'kernel bad: add: expected f32 or i32 or u32 x 1, got bool x 1 (const).',
    ],
    [
      'a condition of many lanes',
      (k) => k.if(v.splat(v.bool(true), 4), () => {}),
      'kernel bad: if: expected bool x 1, got bool x 4 (splat).',
    ],
    [
      'vectors of another width',
      (k) => k.store(k.buffer('y', 'int32', 'write'), 0, v.splat(v.i32(1), 8)),
      'kernel bad: store y: expected 1 or 4 lanes, got 8.',
    ],
    [
      'a local of the kernel in a function',
      (k) => {
        const y = k.buffer('y', 'int32', 'write')
        const x = k.let(v.add(k.param('p'), k.param('q')), 'x')
        const f = k.func('f', [], () => {
          k.store(y, 0, x)
          return undefined
        })
        k.call(f, [])
      },
      'kernel bad: f: x0: expected a local of this function, set before it is read, got one that is not. Pass it to the function as a parameter.',
    ],
    [
      'a parallel loop in a loop',
      (k) => k.for(0, 2, () => k.parallel(3, () => {})),
      'kernel bad: parallel: expected one parallel loop, at the top level of the kernel, got another one, or one inside a loop, a branch or a function.',
    ],
    [
      'too few arguments',
      (k) =>
        k.call(
          k.func('f', [{ name: 'x', type: 'i32' }], () => undefined),
          [],
        ),
      'kernel bad: f: expected 1 arguments, got 0.',
    ],
    [
      'an argument of another type',
      (k) =>
        k.call(
          k.func('f', [{ name: 'x', type: 'f32' }], () => undefined),
          [1],
        ),
      'kernel bad: f: x0: expected f32 x 1, got i32 x 1 (const).',
    ],
  ]
  test.each(cases)('%s is refused', (_name, build, message) => {
    expect(emit(build)).toThrow(KernelTypeError)
    expect(emit(build)).toThrow(message)
  })
})
