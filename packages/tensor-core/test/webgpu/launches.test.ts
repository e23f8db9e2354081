import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.js'
import { webgpu } from '../../src/backends/webgpu/index.js'
import type { FusedDefinition } from '../../src/fused/fused-definition.js'
import * as v from '../../src/kernel/expressions.js'
import type { Operand } from '../../src/kernel/kernel-builder.js'
import type { ReduceCombine } from '../../src/ops/op-record.js'
import type { Launch } from '../../src/schedule/program.js'
import { contiguousView, expandView, permuteView, sliceView, type View } from '../../src/view.js'
import { apply, elementsOf, input, operand, opLaunch, program, slot } from './programs.js'
import { floats, ints, runProgram, shorts } from './run-program.js'

const gpu = await swiftShaderGpu()

describe.skipIf(!gpu)('launches on webgpu', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await webgpu({ gpu: gpu as GPU })
  })
  afterAll(() => backend.close())

  const sequence = (n: number, scale = 1): Float32Array =>
    Float32Array.from({ length: n }, (_, i) => ((i * 7) % 23) * scale)
  const bytesOf = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)

  describe('maps', () => {
    const views: [string, View, View][] = [
      ['contiguous', contiguousView([6, 35]), contiguousView([6, 35])],
      ['broadcast over rows', contiguousView([6, 35]), expandView(contiguousView([35]), [6, 35])],
      ['broadcast over columns', contiguousView([6, 35]), expandView(contiguousView([6, 1]), [6, 35])],
      ['transposed', contiguousView([6, 35]), permuteView(contiguousView([35, 6]), [1, 0])],
      ['sliced and reversed', contiguousView([6, 35]), sliceView(contiguousView([6, 70]), [0, 69], [6, 35], [1, -2])],
    ]
    it.each(views)('adds a %s operand', async (_name, left, right) => {
      const a = sequence(420)
      const b = sequence(420, 0.5)
      const shape = left.shape
      const launch: Launch = {
        kind: 'map',
        label: 'add',
        shape,
        inputs: [operand(0, 'float32', left), operand(1, 'float32', right)],
        outputs: [operand(2, 'float32', shape)],
        expressions: [apply('float32', [input(0, 'float32'), input(1, 'float32')], v.add)],
      }
      const slots = [slot('float32', 420), slot('float32', 420), slot('float32', 210)]
      const result = floats((await runProgram(backend, program(slots, [launch]), [a, b, new Float32Array(210)]))[2])
      const atLeft = elementsOf(left)
      const atRight = elementsOf(right)
      expect([...result]).toEqual(atLeft.map((at, i) => (a[at] as number) + (b[atRight[i] as number] as number)))
    })

    it('writes several outputs, strided, and leaves what lies between them', async () => {
      const x = sequence(50)
      const odd: View = { shape: [50], strides: [2], offset: 1 }
      const launch: Launch = {
        kind: 'map',
        label: 'two',
        shape: [50],
        inputs: [operand(0, 'float32', [50])],
        outputs: [operand(1, 'float16', odd), operand(2, 'int8', odd)],
        expressions: [input(0, 'float32'), apply('int8', [input(0, 'float32')], (a) => v.neg(v.convert(a, 'i32')))],
      }
      const slots = [slot('float32', 50), slot('float16', 100), slot('int8', 100)]
      const before = [x, new Uint16Array(100).fill(0x3c00), new Int8Array(100).fill(77)]
      const [, halves, bytes] = await runProgram(backend, program(slots, [launch]), before)
      const int8 = new Int8Array((bytes as Uint8Array).buffer)
      expect(shorts(halves).filter((_, i) => i % 2 === 0)).toEqual(new Uint16Array(50).fill(0x3c00))
      expect(int8.filter((_, i) => i % 2 === 0)).toEqual(new Int8Array(50).fill(77))
      expect([...int8.filter((_, i) => i % 2 === 1)]).toEqual([...x].map((value) => -value + 0))
      expect(shorts(halves)[3]).toBe(0x4700)
    })

    it.each(['float32', 'uint8'] as const)('works in place on %s', async (dtype) => {
      const launch: Launch = {
        kind: 'map',
        label: 'in place',
        shape: [200],
        inputs: [operand(0, dtype, [200]), operand(1, dtype, [200])],
        outputs: [operand(0, dtype, [200])],
        expressions: [apply(dtype, [input(0, dtype), input(1, dtype)], v.add)],
      }
      const a = dtype === 'float32' ? sequence(200) : Uint8Array.from(sequence(200))
      const slots = [slot(dtype, 200), slot(dtype, 200)]
      const [result] = await runProgram(backend, program(slots, [launch]), [a, a])
      const values = dtype === 'float32' ? floats(result) : (result as Uint8Array)
      expect([...values]).toEqual([...a].map((value) => 2 * value))
    })

    it('takes one buffer for two slots, written or not', async () => {
      const launch: Launch = {
        kind: 'map',
        label: 'add',
        shape: [64],
        inputs: [operand(0, 'float32', [64]), operand(1, 'float32', [64])],
        outputs: [operand(2, 'float32', [64])],
        expressions: [apply('float32', [input(0, 'float32'), input(1, 'float32')], v.add)],
      }
      const executable = await backend.load(
        program(
          [0, 1, 2].map(() => slot('float32', 64)),
          [launch],
        ),
      )
      const a = backend.alloc(256)
      const b = backend.alloc(256)
      const values = [...sequence(64)]
      backend.write(a, bytesOf(values))
      await backend.run(executable, [a, a, b])
      expect([...floats(await backend.read(b, 0, 256))]).toEqual(values.map((x) => 2 * x))
      await backend.run(executable, [a, b, a])
      expect([...floats(await backend.read(a, 0, 256))]).toEqual(values.map((x) => 3 * x))
      backend.unload(executable)
      backend.free(a)
      backend.free(b)
    })

    it('packs inputs that are more than a shader may bind', async () => {
      const n = 20
      const dtypes = Array.from(
        { length: n },
        (_, i) => (['float32', 'int32', 'float16', 'uint8'] as const)[i % 4] as 'float32',
      )
      const terms = dtypes.map((dtype, i) => apply('float32', [input(i, dtype)], (x) => v.convert(x, 'f32')))
      const sum = terms.reduce((total, term) => apply('float32', [total, term], v.add))
      const launch: Launch = {
        kind: 'map',
        label: 'sum of many',
        shape: [70],
        inputs: dtypes.map((dtype, i) => operand(i, dtype, [70])),
        outputs: [operand(n, 'float32', [70])],
        expressions: [sum],
      }
      const half = Uint16Array.from({ length: 70 }, (_, i) => [0, 0x3c00, 0x4000][i % 3] as number)
      const contents = dtypes.map((dtype, i) => {
        const values = Array.from({ length: 70 }, (_, at) => at + i)
        if (dtype === 'float32') return Float32Array.from(values)
        if ((dtype as string) === 'int32') return Int32Array.from(values)
        return (dtype as string) === 'float16' ? half : Uint8Array.from(values)
      })
      const slots = [...dtypes.map((dtype) => slot(dtype, 70)), slot('float32', 70)]
      const results = await runProgram(backend, program(slots, [launch]), [...contents, new Float32Array(70)])
      const expected = Array.from({ length: 70 }, (_, at) => {
        let total = 0
        dtypes.forEach((dtype, i) => {
          total += (dtype as string) === 'float16' ? at % 3 : at + i
        })
        return total
      })
      expect([...floats(results[n])]).toEqual(expected)
    })
  })

  describe('reductions', () => {
    const reduce = (shape: readonly number[], view: View, reduced: number, combine: ReduceCombine): Launch => ({
      kind: 'reduce',
      label: combine,
      shape,
      reduced,
      combine,
      inputs: [operand(0, 'float32', view)],
      expression: apply('float32', [input(0, 'float32')], (x) => v.mul(x, 2)),
      output: operand(1, 'float32', shape.slice(0, shape.length - reduced)),
    })
    const cases: [string, readonly number[], View, number][] = [
      ['rows', [5, 33], contiguousView([5, 33]), 1],
      ['columns', [33, 5], permuteView(contiguousView([5, 33]), [1, 0]), 1],
      ['everything', [5, 3, 11], contiguousView([5, 3, 11]), 3],
      ['the outer of three axes', [3, 11, 5], permuteView(contiguousView([5, 3, 11]), [1, 2, 0]), 1],
      ['a long row, in chunks', [2, 40_000], contiguousView([2, 40_000]), 1],
      ['nothing', [4, 0], contiguousView([4, 0]), 1],
    ]
    for (const combine of ['sum', 'max', 'min'] as const) {
      it.each(cases)(`${combine} over %s`, async (_name, shape, view, reduced) => {
        const at = elementsOf(view)
        const size = Math.max(1, at.length)
        const x = sequence(size)
        const outputs = shape.slice(0, shape.length - reduced).reduce((a, b) => a * b, 1)
        const length = at.length / outputs
        const slots = [slot('float32', size), slot('float32', outputs)]
        const results = await runProgram(backend, program(slots, [reduce(shape, view, reduced, combine)]), [x])
        const expected = Array.from({ length: outputs }, (_, row) => {
          const values = at.slice(row * length, (row + 1) * length).map((i) => 2 * (x[i] as number))
          if (combine === 'sum') return values.reduce((a, b) => a + b, 0)
          const pick = combine === 'max' ? Math.max : Math.min
          return values.reduce((a, b) => pick(a, b), combine === 'max' ? -Infinity : Infinity)
        })
        expect([...floats(results[1])]).toEqual(expected)
      })
    }
  })

  describe('ops with kernels of their own', () => {
    it('runs a naive matmul, in chunks of what the kernel asks for', async () => {
      const [M, K, N] = [17, 9, 13]
      const build: Parameters<typeof opLaunch>[3] = (k) => {
        const a = k.buffer('a', 'float32', 'read')
        const b = k.buffer('b', 'float32', 'read')
        const c = k.buffer('c', 'float32', 'write')
        const [m, inner, n] = [k.param('m'), k.param('k'), k.param('n')] as [Operand, Operand, Operand]
        const dot = k.func(
          'dot',
          [
            { name: 'row', type: 'i32' },
            { name: 'column', type: 'i32' },
          ],
          (row, column) => {
            const sum = k.variable(v.f32(0))
            k.for(0, inner, (i) => {
              const x = k.load(a, v.add(v.mul(row as never, inner), i))
              sum.set(v.fma(x, k.load(b, v.add(v.mul(i, n), column as never)), sum.get()))
            })
            return sum.get()
          },
        )
        k.parallelRange(v.mul(m, n), 4, (begin, end) => {
          k.for(begin, end, (i) => k.store(c, i, v.call(dot, [v.div(i, n), v.rem(i, n)])))
        })
      }
      const launch = opLaunch(
        'matmul',
        [operand(0, 'float32', [M, K]), operand(1, 'float32', [K, N])],
        [operand(2, 'float32', [M, N])],
        build,
        { params: () => [M, K, N] },
      )
      const a = sequence(M * K)
      const b = sequence(K * N, 0.25)
      const slots = [slot('float32', M * K), slot('float32', K * N), slot('float32', M * N)]
      const result = floats((await runProgram(backend, program(slots, [launch]), [a, b]))[2])
      const expected = Array.from({ length: M * N }, (_, at) => {
        let sum = 0
        for (let i = 0; i < K; i++) sum += (a[Math.floor(at / N) * K + i] as number) * (b[i * N + (at % N)] as number)
        return sum
      })
      expect([...result]).toEqual(expected)
    })

    it('finds its own amount of work when a buffer holds it', async () => {
      const launch = opLaunch('count', [operand(0, 'int32', [1])], [operand(1, 'int32', [40_000])], (k) => {
        const count = k.buffer('count', 'int32', 'read')
        const out = k.buffer('out', 'int32', 'write')
        k.parallel(k.let(k.load(count, 0)), (i) => k.store(out, i, v.add(i, 1)))
      })
      const slots = [slot('int32', 1), slot('int32', 40_000)]
      const contents = [Int32Array.of(30_000), new Int32Array(40_000)]
      const out = ints((await runProgram(backend, program(slots, [launch]), contents))[1])
      expect(out.findIndex((value, i) => value !== (i < 30_000 ? i + 1 : 0))).toBe(-1)
    })

    it('sees a workspace under several dtypes, and one pass after another', async () => {
      const build: Parameters<typeof opLaunch>[3] = (k) => {
        const x = k.buffer('x', 'float32', 'read')
        const out = k.buffer('out', 'float32', 'write')
        const bytes = k.buffer('workspace', 'uint8', 'readwrite')
        const words = k.reinterpret(bytes, 'float32')
        // One invocation: no parallel loop.
        k.for(0, 10, (i) => {
          k.store(words, i, k.load(x, i))
          k.store(bytes, v.mul(i, 4), v.u32(0))
          k.store(out, i, k.load(words, i))
        })
      }
      const launch = opLaunch('bytes', [operand(0, 'float32', [10])], [operand(1, 'float32', [10])], build, {
        workspace: () => 40,
      })
      const x = Float32Array.from({ length: 10 }, (_, i) => Math.fround(i * 1.1))
      const result = floats(
        (
          await runProgram(
            backend,
            program(
              [0, 1].map(() => slot('float32', 10)),
              [launch],
            ),
            [x],
          )
        )[1],
      )
      const expected = new Uint32Array(x.buffer.slice(0)).map((bits) => bits & ~0xff)
      expect([...result]).toEqual([...new Float32Array(expected.buffer)])
    })

    it('while, if and variables', async () => {
      const launch = opLaunch('collatz', [operand(0, 'int32', [30])], [operand(1, 'int32', [30])], (k) => {
        const x = k.buffer('x', 'int32', 'read')
        const out = k.buffer('out', 'int32', 'write')
        k.parallel(30, (i) => {
          const n = k.variable(k.load(x, i))
          const steps = k.variable(v.i32(0))
          k.while(
            () => v.gt(n.get(), 1),
            () => {
              k.if(
                v.eq(v.and(n.get(), 1), 0),
                () => n.set(v.shr(n.get(), 1)),
                () => n.set(v.add(v.mul(n.get(), 3), 1)),
              )
              steps.set(v.add(steps.get(), 1))
            },
          )
          k.store(out, i, steps.get())
        })
      })
      const x = Int32Array.from({ length: 30 }, (_, i) => i)
      const out = ints(
        (
          await runProgram(
            backend,
            program(
              [0, 1].map(() => slot('int32', 30)),
              [launch],
            ),
            [x],
          )
        )[1],
      )
      const steps = (n: number): number => (n <= 1 ? 0 : 1 + steps(n % 2 ? 3 * n + 1 : n / 2))
      expect([...out]).toEqual([...x].map(steps))
    })

    it('runs fused ops by their webgpu kernel', async () => {
      const definition: FusedDefinition = {
        name: 'double',
        fallback: () => [],
        kernels: {
          webgpu: async () => ({
            default: {
              params: () => [],
              build(k) {
                const x = k.buffer('x', 'float32', 'read')
                const y = k.buffer('y', 'float32', 'write')
                k.parallel(5, (i) => k.store(y, i, v.mul(k.load(x, i), 2)))
              },
            },
          }),
        },
      }
      const launch: Launch = {
        kind: 'fused',
        label: 'double',
        definition,
        attributes: undefined,
        inputs: [operand(0, 'float32', [5])],
        outputs: [operand(1, 'float32', [5])],
      }
      expect(backend.supports(definition, [], undefined)).toBe(true)
      expect(backend.supports({ ...definition, kernels: {} }, [], undefined)).toBe(false)
      expect(backend.supports({ ...definition, supports: () => false }, [], undefined)).toBe(false)
      const results = await runProgram(backend, program([slot('float32', 5), slot('float32', 5)], [launch]), [
        sequence(5),
      ])
      expect([...floats(results[1])]).toEqual([...sequence(5)].map((x) => 2 * x))
    })
  })
})
