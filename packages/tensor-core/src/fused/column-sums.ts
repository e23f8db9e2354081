import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import type { KernelLaunch, KernelOperand, KernelSource } from '../ops/op-record.js'
import { rowsOf } from './row-kernel.js'

/*
 * Sums over rows, which the gradient of a norm's weight is: each chunk of rows sums into a row of the workspace, and a
 * second pass adds those up. The chunks follow from the shape, so the result does not depend on the number of threads.
 */

/** Rows of one chunk: few, because a GPU has one thread for each; the workspace is 1/16 of the input. */
export const CHUNK_ROWS = 16
/** Partial sums between two additions to a total. */
const BLOCK = 64

export const chunksOf = (rows: number): number => Math.ceil(rows / CHUNK_ROWS)

/** Bytes of so many rows of sums for each chunk of the first input. */
export function partialBytes({ inputs }: KernelLaunch, sums: number): number {
  const [rows, columns] = rowsOf(inputs[0] as KernelOperand)
  return 4 * sums * chunksOf(rows) * columns
}

/**
 * The second pass. The workspace holds [sums, chunks, columns]; sum j goes to output `first` + j. `operands`: the names of
 * all inputs and outputs, which every pass declares.
 */
export function columnSumsPass<Attributes>(inputs: number, outputs: number, first: number): KernelSource<Attributes> {
  const sums = outputs - first
  return {
    params(launch) {
      const [rows, columns] = rowsOf(launch.inputs[0] as KernelOperand)
      return [chunksOf(rows), columns]
    },
    workspace: (launch) => partialBytes(launch, sums),
    build(k) {
      for (let i = 0; i < inputs; i++) k.buffer(`in${i}`, 'float32', 'read')
      const results = Array.from({ length: outputs }, (_, i) => k.buffer(`out${i}`, 'float32', 'write'))
      const partials = k.buffer('partials', 'float32', 'read')
      const [chunks, columns] = [k.param('chunks'), k.param('columns')]
      // Ranges of whole cache lines; every element is summed in the same order, by vectors or alone.
      k.parallelRange(columns, k.target.vectorLanes === 1 ? 1 : 16, (begin, end) => {
        for (let j = 0; j < sums; j++) {
          const start = k.let(v.mul(v.mul(chunks, columns), v.i32(j)))
          k.forVector(begin, end, (column, lanes) => {
            const zero = v.splat(v.f32(0), lanes)
            const total = k.variable(zero, 'total')
            k.for(
              0,
              chunks,
              (block) => {
                const sum = k.variable(zero, 'sum')
                const stop = k.let(v.min(chunks, v.add(block, BLOCK)))
                k.for(block, stop, (chunk) => {
                  const at: Value = v.add(v.add(start, v.mul(chunk, columns)), column)
                  sum.set(v.add(sum.get(), v.load(partials, at, lanes)))
                })
                total.set(v.add(total.get(), sum.get()))
              },
              BLOCK,
            )
            k.store(results[first + j] as NonNullable<(typeof results)[0]>, column, total.get())
          })
        }
      })
    },
  }
}
