import type { MatmulOperand, MatmulProblem } from '../../../codegen/matmul-problem.js'
import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { Value } from '../../../kernel/value.js'
import { batchOffsets, batchParams, paddedBatch } from './batch-index.js'

/** Columns and at most rows of C that one unit of a kernel without packing computes. */
export const DIRECT_COLUMNS = 16
const DIRECT_ROWS = 64

/** Parameters of the kernels that read their operands where they are. */
export function directParams({ batch, m, n, k, a, b, c }: MatmulProblem): number[] {
  const operand = (o: MatmulOperand): number[] => [o.offset, o.row, o.column, ...paddedBatch(o.batch, 0)]
  const blocks = Math.ceil(n / DIRECT_COLUMNS)
  const rowBlocks = Math.ceil(m / DIRECT_ROWS)
  const units = batch.reduce((product, extent) => product * extent, blocks * rowBlocks)
  return [units, blocks, rowBlocks, m, n, k, ...paddedBatch(batch, 1), ...operand(a), ...operand(b), ...operand(c)]
}

/** An operand within a unit: its batch's first element and its strides. */
export interface DirectOperand {
  readonly base: Value
  readonly row: Value
  readonly column: Value
}

export interface DirectUnit {
  readonly depth: Value
  /** Rows of C. */
  readonly row: Value
  readonly rowEnd: Value
  /** Columns of C. */
  readonly from: Value
  readonly to: Value
  readonly a: DirectOperand
  readonly b: DirectOperand
  readonly c: DirectOperand
}

/** Declares the parameters and runs `body` for every unit: a batch, DIRECT_COLUMNS columns, DIRECT_ROWS rows. */
export function forEachDirectUnit(k: KernelBuilder, body: (unit: DirectUnit) => void): void {
  const [units, blocks, rowBlocks, m, n, depth] = ['units', 'blocks', 'rowBlocks', 'm', 'n', 'k'].map((name) =>
    k.param(name),
  ) as Value[]
  const extents = batchParams(k, 'extent')
  const operand = (name: string) => ({
    offset: k.param(`${name}Offset`),
    row: k.param(`${name}Row`),
    column: k.param(`${name}Column`),
    batch: batchParams(k, `${name}Batch`),
  })
  const operands = [operand('a'), operand('b'), operand('c')]
  k.parallel(units as Value, (unit) => {
    const rest = k.let(v.div(unit, blocks as Value))
    const batch = v.div(rest, rowBlocks as Value)
    const row = k.let(v.mul(v.rem(rest, rowBlocks as Value), DIRECT_ROWS), 'row')
    const rowEnd = k.let(v.min(m as Value, v.add(row, DIRECT_ROWS)), 'rowEnd')
    const from = k.let(v.mul(v.rem(unit, blocks as Value), DIRECT_COLUMNS), 'from')
    const to = k.let(v.min(n as Value, v.add(from, DIRECT_COLUMNS)), 'to')
    const places = batchOffsets(
      k,
      batch,
      extents,
      operands.map((o) => o.batch),
    )
    const [a, b, c] = operands.map(({ offset, row, column }, i) => ({
      base: k.let(v.add(offset, places[i] as Value)),
      row,
      column,
    })) as [DirectOperand, DirectOperand, DirectOperand]
    body({ depth: depth as Value, row, rowEnd, from, to, a, b, c })
  })
}
