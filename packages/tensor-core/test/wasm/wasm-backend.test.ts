import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { wasm } from '../../src/backends/wasm/index.js'
import { BackendError, MemoryLimitError } from '../../src/errors.js'
import type { FusedDefinition } from '../../src/fused/fused-definition.js'
import * as v from '../../src/kernel/expressions.js'
import { matmulRecord } from '../../src/ops/matmul.js'
import type { KernelSource, OpaqueRecord } from '../../src/ops/op-record.js'
import type { MapLaunch, Operand, Program, ReduceLaunch } from '../../src/schedule/program.js'
import { sizeOf } from '../../src/shape.js'
import { contiguousView } from '../../src/view.js'
import { seeded } from '../codegen/random-launch.js'
import { ADD, call, constant, EXP, input, MUL } from '../codegen/test-records.js'
import { bind, interpret, programOf, readBound, runOnce } from './program-builder.js'
import { randomProgram } from './random-program.js'

let one: Backend
let two: Backend
beforeAll(async () => {
  one = await wasm({ threads: 1 })
  two = await wasm({ threads: 2 })
})
afterAll(async () => {
  await one.close()
  await two.close()
})
const both = (): [string, Backend][] => [
  ['one thread', one],
  ['two threads', two],
]

const whole = (slot: number, shape: readonly number[], dtype: Operand['dtype'] = 'float32'): Operand => ({
  slot,
  dtype,
  view: contiguousView(shape),
})
const addOne = (from: number, to: number, shape: readonly number[]): MapLaunch => ({
  kind: 'map',
  label: 'addOne',
  shape,
  inputs: [whole(from, shape)],
  expressions: [call(ADD, [input(0), constant(1)])],
  outputs: [whole(to, shape)],
})

describe('programs', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    '500 random launches mean what they should, with one thread and with two (seed %i)',
    async (seed) => {
      const { program, values } = randomProgram(seeded(seed), 500, seed % 2 ? 'float32' : 'int32')
      const expected = interpret(program, values)
      for (const [name, backend] of both()) {
        const got = await runOnce(backend, program, values)
        got.forEach((slot, i) => {
          const wrong = slot.findIndex((x, at) => x !== expected[i]?.[at])
          if (wrong >= 0)
            expect.fail(`${name}, slot ${i}, element ${wrong}: ${slot[wrong]} for ${expected[i]?.[wrong]}`)
        })
      }
    },
  )

  it('gives the same bits with one thread and with two where rounding shows', async () => {
    const random = seeded(6)
    const shape = [300, 1001]
    const softmaxSum: ReduceLaunch = {
      kind: 'reduce',
      label: 'sum of exp',
      shape,
      reduced: 1,
      combine: 'sum',
      inputs: [whole(0, shape)],
      expression: call(EXP, [input(0)]),
      output: whole(1, [300]),
    }
    const total: ReduceLaunch = {
      ...softmaxSum,
      reduced: 2,
      expression: call(MUL, [input(0), input(0)]),
      output: whole(2, []),
    }
    const columns: ReduceLaunch = {
      ...softmaxSum,
      shape: [1001, 300],
      inputs: [{ slot: 0, dtype: 'float32', view: { shape: [1001, 300], strides: [1, 1001], offset: 0 } }],
      output: whole(3, [1001]),
    }
    const squashed: MapLaunch = {
      kind: 'map',
      label: 'exp',
      shape,
      inputs: [whole(0, shape), { slot: 1, dtype: 'float32', view: { shape, strides: [1, 0], offset: 0 } }],
      expressions: [call(MUL, [call(EXP, [input(0)]), input(1)])],
      outputs: [whole(4, shape)],
    }
    const size = sizeOf(shape)
    const slots = [size, 300, 1, 1001, size].map((n) => ({ dtype: 'float32' as const, size: n, bound: true }))
    const program = programOf(slots, [softmaxSum, total, columns, squashed])
    const values = slots.map((slot, i) =>
      Float64Array.from({ length: slot.size }, () => (i === 0 ? random(1 << 20) / (1 << 18) - 2 : 0)),
    )
    const [a, b] = [await runOnce(one, program, values), await runOnce(two, program, values)]
    expect(b.map((slot) => Buffer.from(new Float64Array(slot).buffer).toString('base64'))).toEqual(
      a.map((slot) => Buffer.from(new Float64Array(slot).buffer).toString('base64')),
    )
    let exact = 0
    for (const x of values[0] as Float64Array) exact += Math.fround(x) ** 2
    expect((a[2]?.[0] as number) / exact).toBeCloseTo(1, 6)
  })

  it('sees a buffer that was bound anew, and a memory that grew since the program was loaded', async () => {
    for (const [, backend] of both()) {
      const program = programOf(
        [10_000, 10_000, 10_000].map((size, i) => ({ dtype: 'float32', size, bound: i !== 1 })),
        [addOne(0, 1, [10_000]), addOne(1, 2, [10_000])],
      )
      const executable = await backend.load(program)
      const held = []
      for (let round = 0; round < 3; round++) {
        held.push(backend.alloc(40_000_000))
        const values = program.slots.map(() => new Float64Array(10_000).fill(round))
        const buffers = bind(backend, program, values)
        await backend.run(executable, buffers)
        const [, after] = await readBound(backend, program, buffers)
        expect(after?.every((x) => x === round + 2)).toBe(true)
        // The next round's buffers stand elsewhere.
        if (round === 0) held.push(...buffers)
        else for (const buffer of buffers) backend.free(buffer)
      }
      for (const buffer of held) backend.free(buffer)
      backend.unload(executable)
    }
  })

  it('keeps the temporaries of programs of different sizes apart from buffers as the arena grows and shrinks', async () => {
    for (const [, backend] of both()) {
      const make = (n: number) =>
        programOf(
          [0, 1, 2, 3].map((i) => ({ dtype: 'float32', size: n, bound: i === 0 || i === 3 })),
          [addOne(0, 1, [n]), addOne(1, 2, [n]), addOne(2, 3, [n])],
        )
      const small = make(1000)
      const large = make(50_000)
      const first = await backend.load(small)
      expect(backend.memory().arenaBytes).toBe(first.temporaryBytes)
      const buffers = bind(
        backend,
        small,
        small.slots.map(() => new Float64Array(1000).fill(5)),
      )
      await backend.run(first, buffers)
      const second = await backend.load(large)
      expect(backend.memory().arenaBytes).toBe(second.temporaryBytes)
      const more = bind(
        backend,
        large,
        large.slots.map(() => new Float64Array(50_000).fill(7)),
      )
      await backend.run(second, more)
      await backend.run(first, buffers)
      backend.unload(second)
      expect(backend.memory().arenaBytes).toBe(first.temporaryBytes)
      await backend.run(first, buffers)
      expect((await readBound(backend, small, buffers))[1]?.every((x) => x === 8)).toBe(true)
      expect((await readBound(backend, large, more))[1]?.every((x) => x === 10)).toBe(true)
      for (const buffer of [...buffers, ...more]) backend.free(buffer)
      backend.unload(first)
      expect(backend.memory()).toMatchObject({ liveBuffers: 0, liveBytes: 0, arenaBytes: 0 })
    }
  })

  it('compiles nothing at a second load, and holds the same bytes over 1,000 runs', async () => {
    for (const [, backend] of both()) {
      const { program, values } = randomProgram(seeded(77), 30, 'float32')
      const first = await backend.load(program)
      const buffers = bind(backend, program, values)
      await backend.run(first, buffers)
      const before = backend.memory()
      for (let n = 0; n < 1000; n++) await backend.run(first, buffers)
      expect(backend.memory()).toEqual(before)
      backend.unload(first)
      const second = await backend.load(randomProgram(seeded(77), 30, 'float32').program)
      expect(backend.memory()).toEqual(before)
      for (const buffer of buffers) backend.free(buffer)
      backend.unload(second)
    }
  })
})

/** Doubles a vector; its workspace takes the values from one pass to the next. */
const passOne: KernelSource = {
  params: ({ inputs }) => [sizeOf((inputs[0] as Operand).view.shape)],
  workspace: ({ inputs }) => 4 * sizeOf((inputs[0] as Operand).view.shape),
  build(k) {
    const x = k.buffer('x', 'float32', 'read')
    k.buffer('y', 'float32', 'write')
    const scratch = k.buffer('workspace', 'float32', 'readwrite')
    const n = k.param('n')
    k.parallelRange(n, 64, (begin, end) =>
      k.forVector(begin, end, (i, lanes) => {
        const value = lanes > 1 ? k.loadVector(x, i) : k.load(x, i)
        k.store(scratch, i, v.mul(value, v.f32(2)))
      }),
    )
  },
}
const passTwo: KernelSource = {
  ...passOne,
  build(k) {
    k.buffer('x', 'float32', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const scratch = k.buffer('workspace', 'float32', 'read')
    const n = k.param('n')
    // Read backwards: what another thread wrote before the barrier is there after it.
    k.parallel(n, (i) => k.store(y, i, k.load(scratch, v.sub(v.sub(n, 1), i))))
  },
}
const doubleBackwards: FusedDefinition = {
  name: 'doubleBackwards',
  fallback: ([x]) => x as never,
  kernels: { wasm: async () => ({ default: [passOne, passTwo] }) },
  supports: (inputs) => inputs[0]?.dtype === 'float32',
}

describe('ops with kernels of their own', () => {
  const n = 40_000
  const slots = [0, 1].map(() => ({ dtype: 'float32' as const, size: n, bound: true }))
  const values = [Float64Array.from({ length: n }, (_, i) => i), new Float64Array(n)]

  it('runs the passes of a fused op in order, with a workspace between them', async () => {
    const program = programOf(slots, [
      {
        kind: 'fused',
        label: 'fused',
        definition: doubleBackwards,
        attributes: null,
        inputs: [whole(0, [n])],
        outputs: [whole(1, [n])],
      },
    ])
    for (const [, backend] of both()) {
      const [, y] = await runOnce(backend, program, values)
      expect(y?.every((x, i) => x === 2 * (n - 1 - i))).toBe(true)
      expect(backend.supports(doubleBackwards, [{ dtype: 'float32', shape: [1] }], null)).toBe(true)
      expect(backend.supports(doubleBackwards, [{ dtype: 'int32', shape: [1] }], null)).toBe(false)
      expect(backend.supports({ ...doubleBackwards, kernels: {} }, [{ dtype: 'float32', shape: [1] }], null)).toBe(
        false,
      )
    }
  })

  it('runs an op by the kernel of its record, or by better passes where there are some', async () => {
    const { createWasmBackend } = await import('../../src/backends/wasm/create-wasm-backend.js')
    const copy: KernelSource = {
      params: () => [n],
      build(k) {
        const x = k.buffer('x', 'float32', 'read')
        const y = k.buffer('y', 'float32', 'write')
        k.parallel(k.param('n'), (i) => k.store(y, i, k.load(x, i)))
      },
    }
    const record: OpaqueRecord = {
      kind: 'opaque',
      name: 'copyIt',
      infer: (s) => [s[0] as never],
      reference: () => [],
      kernel: copy,
      vjp: null,
    }
    const program = programOf(slots, [
      { kind: 'op', label: 'op', record, attributes: null, inputs: [whole(0, [n])], outputs: [whole(1, [n])] },
    ])
    expect((await runOnce(two, program, values))[1]).toEqual(values[0])
    const replaced = await createWasmBackend(
      { threads: 2 },
      {
        overrides: {
          copyIt: (_, features) => {
            expect(Object.keys(features)).toEqual(['fusedMultiplyAdd'])
            return [
              { name: 'first', source: passOne },
              { name: 'second', source: passTwo, work: 1e6 },
            ]
          },
        },
      },
    )
    expect((await runOnce(replaced, program, values))[1]?.[0]).toBe(2 * (n - 1))
    await replaced.close()
  })
})

describe('matmul', () => {
  const matmul = (batch: number, m: number, n: number, k: number): Program => {
    const [a, b, y] = [
      [batch, m, k],
      [batch, k, n],
      [batch, m, n],
    ] as const
    // B comes transposed: [batch, n, k] in memory.
    const transposed: Operand = { slot: 1, dtype: 'float32', view: { shape: b, strides: [n * k, 1, k], offset: 0 } }
    return programOf(
      [a, b, y].map((shape) => ({ dtype: 'float32', size: sizeOf(shape), bound: true })),
      [
        {
          kind: 'op',
          label: 'matmul',
          record: matmulRecord as OpaqueRecord,
          attributes: undefined,
          inputs: [whole(0, a), transposed],
          outputs: [whole(2, y)],
        },
      ],
    )
  }

  it.each([
    [1, 1, 1, 1],
    [1, 1, 300, 200],
    [3, 17, 33, 65],
    [2, 130, 96, 500],
    [1, 257, 255, 129],
  ])('%i products of %i x %i over %i, the same bits with one thread and with two', async (batch, m, n, k) => {
    const random = seeded(m * n + k)
    const program = matmul(batch, m, n, k)
    const values = program.slots.map(({ size }, slot) =>
      Float64Array.from({ length: size }, () => (slot < 2 ? Math.fround(random(2001) / 1000 - 1) : 0)),
    )
    const [, , y] = await runOnce(one, program, values)
    const [a, b] = values as [Float64Array, Float64Array]
    for (let i = 0; i < batch * m * n; i++) {
      const [row, column] = [Math.floor(i / n), i % n]
      let exact = 0
      for (let l = 0; l < k; l++) {
        exact += (a[row * k + l] as number) * (b[Math.floor(row / m) * n * k + column * k + l] as number)
      }
      const difference = Math.abs((y?.[i] as number) - exact)
      if (!(difference < 1e-6 * (1 + k))) expect.fail(`element ${i}: ${y?.[i]} for ${exact}`)
    }
    const [, , again] = await runOnce(two, program, values)
    expect(again?.every((x, i) => Object.is(x, y?.[i]))).toBe(true)
  })

  it('of no depth is zero, and of no rows nothing', async () => {
    const empty = matmul(1, 5, 7, 0)
    const values = [new Float64Array(0), new Float64Array(0), new Float64Array(35).fill(9)]
    expect((await runOnce(two, empty, values))[2]).toEqual(new Float64Array(35))
    const none = matmul(1, 0, 7, 3)
    expect(
      (await runOnce(two, none, [new Float64Array(0), new Float64Array(21), new Float64Array(0)]))[2]?.length,
    ).toBe(0)
  })
})

describe('refusals', () => {
  it('names the bytes wanted and free when memory is full, and leaves everything as it was', async () => {
    for (const threads of [1, 2]) {
      const backend = await wasm({ threads, memoryMaximumBytes: 8 * 2 ** 20 })
      expect(() => backend.alloc(9_000_000)).toThrow(MemoryLimitError)
      expect(() => backend.alloc(9_000_000)).toThrow(
        /^wasm\.alloc: expected at most 8387584 bytes \(the largest free piece\), got 9000000 bytes\. Use a smaller batch/,
      )
      const before = backend.memory()
      const n = 1_500_000
      const program = programOf(
        [0, 1, 2, 3].map((i) => ({ dtype: 'float32', size: i === 0 || i === 3 ? 1 : n, bound: i === 0 || i === 3 })),
        [
          {
            ...addOne(0, 1, [n]),
            inputs: [{ slot: 0, dtype: 'float32', view: { shape: [n], strides: [0], offset: 0 } }],
          },
          addOne(1, 2, [n]),
          {
            kind: 'reduce',
            label: 'sum',
            shape: [n],
            reduced: 1,
            combine: 'sum',
            inputs: [whole(2, [n])],
            expression: input(0),
            output: whole(3, []),
          },
        ],
      )
      await expect(backend.load(program)).rejects.toThrow(
        /^wasm\.load: temporaries of the program: expected at most \d+ bytes .* got 12\d+ bytes\./,
      )
      expect(backend.memory()).toEqual(before)
      const buffer = backend.alloc(8_000_000)
      backend.free(buffer)
      await backend.close()
    }
  })

  it('refuses what is not its own, ranges outside a buffer, and work after close', async () => {
    const backend = await wasm({ threads: 1 })
    const buffer = backend.alloc(100)
    expect(() => backend.write(buffer, new Uint8Array(50), 60)).toThrow(
      'wasm.write: expected a range within 100 bytes, got 60 to 110.',
    )
    await expect(backend.read(buffer, -1, 2)).rejects.toThrow(BackendError)
    backend.free(buffer)
    expect(() => backend.free(buffer)).toThrow(
      'wasm.free: expected a live buffer of this backend, got one that was freed or made elsewhere.',
    )
    const program = programOf([{ dtype: 'float32', size: 10, bound: true }], [])
    const executable = await backend.load(program)
    await expect(backend.run(executable, [])).rejects.toThrow('wasm.run: expected 1 buffers, got 0.')
    await expect(backend.run(executable, [backend.alloc(39)])).rejects.toThrow(
      'wasm.run: bound slot 0: expected at least 40 bytes, got 39.',
    )
    backend.unload(executable)
    await expect(backend.run(executable, [])).rejects.toThrow('a loaded program')
    await backend.close()
    await backend.close()
    expect(() => backend.alloc(1)).toThrow(
      'wasm.alloc: expected an open backend, got one that was closed. Open a new one.',
    )
    await expect(backend.load(program)).rejects.toThrow(BackendError)
    await expect(wasm({ threads: 0 })).rejects.toThrow('wasm: threads: expected a whole number of at least 1, got 0.')
  })

  it('reads and writes copies, in part and in whole', async () => {
    for (const [, backend] of both()) {
      const buffer = backend.alloc(10)
      const bytes = Uint8Array.from({ length: 10 }, (_, i) => i)
      backend.write(buffer, bytes)
      bytes.fill(0)
      backend.write(buffer, new Uint8Array([77]), 3)
      const copy = await backend.read(buffer, 2, 3)
      expect([...copy]).toEqual([2, 77, 4])
      expect(copy.buffer).toBeInstanceOf(ArrayBuffer)
      const empty = backend.alloc(0)
      expect((await backend.read(empty, 0, 0)).length).toBe(0)
      backend.free(empty)
      backend.free(buffer)
    }
  })
})
