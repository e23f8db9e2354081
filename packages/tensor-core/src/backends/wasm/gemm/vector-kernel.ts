import type { MatmulOperand, MatmulProblem } from '../../../codegen/matmul-problem.js'
import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder, Variable } from '../../../kernel/kernel-builder.js'
import type { KernelFunction, Value } from '../../../kernel/value.js'
import { batchOffsets, batchParams, paddedBatch } from './batch-index.js'
import type { MatmulBuffers } from './matmul-buffers.js'

/**
 * Rows of B that are read by turns, each from a part of the matrix of its own. One row after the other is one stream, and
 * its prefetcher does not reach the memory's bandwidth; neighbouring rows by turns confuse it (half as fast); three
 * streams are twice as fast as one (Zen 5, rows of 1 to 4 KiB, measured).
 */
const STREAMS = 3
/** Vectors of partial sums of each. */
const UNROLL = 2
/** Places in the parts that one unit of work runs through. */
const GRAIN = 2

/** Parameters of the kernel. */
export function vectorParams({ batch, m, n, k, a, b, c }: MatmulProblem): number[] {
  const part = Math.ceil(n / STREAMS)
  const operand = (o: MatmulOperand): number[] => [o.offset, o.row, ...paddedBatch(o.batch, 0)]
  const units = batch.reduce((product, extent) => product * extent, part)
  const steps = [a, { ...b, row: b.column }, c].flatMap(operand)
  return [units, part, m, n, k, ...paddedBatch(batch, 1), ...steps]
}

/**
 * One to three rows times a matrix stored [N, K] (a Linear layer's weight): the matrix is read once, at the memory's
 * bandwidth. Needs a column stride of 1 in A and a row stride of 1 in B.
 */
export function buildVector(k: KernelBuilder, buffers: MatmulBuffers): void {
  const [units, part, m, n, depth] = ['units', 'part', 'm', 'n', 'k'].map((name) => k.param(name)) as Five
  const extents = batchParams(k, 'extent')
  const operands = ['a', 'b', 'c'].map((name) => ({
    offset: k.param(`${name}Offset`),
    step: k.param(`${name}Step`),
    batch: batchParams(k, `${name}Batch`),
  }))
  const dots = Array.from({ length: STREAMS }, (_, i) => dotStreams(k, buffers, i + 1))
  const [aStep, bStep, cStep] = operands.map(({ step }) => step) as [Value, Value, Value]
  const apart = k.let(v.mul(part, bStep), 'apart')

  k.parallelRange(units, GRAIN, (begin, end) => {
    const at = k.variable(begin, 'at')
    k.while(
      () => v.lt(at.get(), end),
      () => {
        const batch = k.let(v.div(at.get(), part), 'batch')
        const first = k.let(v.sub(at.get(), v.mul(batch, part)), 'first')
        const last = k.let(v.min(part, v.add(first, v.sub(end, at.get()))), 'last')
        const places = batchOffsets(
          k,
          batch,
          extents,
          operands.map((o) => o.batch),
        )
        const [aBase, bBase, cBase] = operands.map(({ offset }, i) => k.let(v.add(offset, places[i] as Value))) as Three
        const from = k.variable(first, 'from')
        // All parts have a row at the first places; at the last ones only the earlier parts do.
        for (let streams = STREAMS; streams > 0; streams--) {
          const dot = dots[streams - 1] as KernelFunction
          const to = k.let(v.max(from.get(), v.min(last, v.sub(n, v.mul(part, streams - 1)))), 'to')
          k.for(from.get(), to, (j) => {
            const bRow = k.let(v.add(bBase, v.mul(j, bStep)))
            k.for(0, m, (i) => {
              const c = v.add(v.add(cBase, v.mul(i, cStep)), j)
              k.call(dot, [v.add(aBase, v.mul(i, aStep)), bRow, apart, depth, c, part])
            })
          })
          from.set(to)
        }
        at.set(v.add(at.get(), v.sub(last, first)))
      },
    )
  })
}

type Three = [Value, Value, Value]
type Five = [Value, Value, Value, Value, Value]

/** (a, b, apart, depth, c, part): products of a row of A with the rows of B at b, b + apart, ..., to c, c + part, ... */
function dotStreams(k: KernelBuilder, { a, b, y, finish }: MatmulBuffers, streams: number): KernelFunction {
  const params = ['a', 'b', 'apart', 'depth', 'c', 'part'].map((name) => ({ name, type: 'i32' }) as const)
  return k.func(`dot${streams}`, params, (aStart, bStart, apart, depth, c, part) => {
    const step = 4 * UNROLL
    const starts = [bStart as Value]
    while (starts.length < streams) starts.push(k.let(v.add(starts.at(-1) as Value, apart as Value), 'start'))
    const sums = starts.map(() => Array.from({ length: UNROLL }, () => k.variable(v.splat(v.f32(0), 4), 'sum')))
    const whole = k.let(v.and(depth as Value, v.i32(-step)), 'whole')
    k.for(
      0,
      whole,
      (d) => {
        for (let u = 0; u < UNROLL; u++) {
          const left = k.let(v.load(a, v.add(v.add(aStart as Value, d), v.i32(4 * u)), 4))
          for (const [s, start] of starts.entries()) {
            const sum = sums[s]?.[u] as Variable
            sum.set(v.fma(left, v.load(b, v.add(v.add(start, d), v.i32(4 * u)), 4), sum.get()))
          }
        }
      },
      step,
    )
    for (const [s, start] of starts.entries()) {
      const [first, second] = (sums[s] as Variable[]).map((sum) => sum.get()) as [Value, Value]
      const total = k.variable(v.reduceLanes('add', v.add(first, second)), 'total')
      k.for(whole, depth as Value, (d) =>
        total.set(v.fma(v.load(a, v.add(aStart as Value, d), 1), v.load(b, v.add(start, d), 1), total.get())),
      )
      const at = k.let(v.add(c as Value, v.mul(part as Value, s)))
      k.store(y, at, finish?.(total.get(), at, 1) ?? total.get())
    }
    return undefined
  })
}
