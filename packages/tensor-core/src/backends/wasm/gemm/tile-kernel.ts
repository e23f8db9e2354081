import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { Value } from '../../../kernel/value.js'
import { batchOffsets, batchParams, paddedBatch } from './batch-index.js'
import type { MatmulBuffers } from './matmul-buffers.js'
import type { MatmulProblem } from './matmul-problem.js'
import { microKernel, type Tile } from './micro-kernel.js'

/** How C is cut into units of parallel work: blocks of rows and columns, which share panels in the caches. */
export interface Blocks {
  readonly rows: number
  readonly columns: number
  /** Depth of the part of the panels that a micro-kernel call runs through. */
  readonly depth: number
}

const unitsOf = ({ batch, m, n }: MatmulProblem, blocks: Blocks): number =>
  batch.reduce((product, extent) => product * extent, 1) * Math.ceil(m / blocks.rows) * Math.ceil(n / blocks.columns)

/** Floats of scratch memory: one tile a unit, for the edges of C. */
export function tileScratchSize(problem: MatmulProblem, blocks: Blocks, tile: Tile): number {
  return unitsOf(problem, blocks) * tile.rows * tile.columns
}

export function tileParams(
  problem: MatmulProblem,
  blocks: Blocks,
  packed: { a: readonly number[]; b: readonly number[]; bStart: number; scratchStart: number },
): number[] {
  const { batch, m, n, k, c, add } = problem
  return [
    unitsOf(problem, blocks),
    m,
    n,
    k,
    blocks.rows,
    blocks.columns,
    blocks.depth,
    Number(add),
    packed.bStart,
    packed.scratchStart,
    c.offset,
    c.row,
    ...paddedBatch(batch, 1),
    ...paddedBatch(packed.a, 0),
    ...paddedBatch(packed.b, 0),
    ...paddedBatch(c.batch, 0),
  ]
}

/**
 * The kernel. Within a unit: for each part of the depth, for each panel of B (it stays in the
 * first cache), for each panel of A. A sum runs through the depth's parts in order, whoever computes it.
 */
export function buildTiles(k: KernelBuilder, { panels, y }: MatmulBuffers, tile: Tile): void {
  const units = k.param('units')
  const [m, n, depth] = [k.param('m'), k.param('n'), k.param('k')]
  const [blockRows, blockColumns, blockDepth] = [k.param('blockRows'), k.param('blockColumns'), k.param('blockDepth')]
  const add = k.param('add')
  const [bStart, scratchStart] = [k.param('bStart'), k.param('scratchStart')]
  const [cOffset, cRow] = [k.param('cOffset'), k.param('cRow')]
  const extents = batchParams(k, 'extent')
  const strides = [batchParams(k, 'aBatch'), batchParams(k, 'bBatch'), batchParams(k, 'cBatch')]

  const whole = microKernel(k, 'tile', tile, panels, y)
  const edge = microKernel(k, 'edgeTile', tile, panels, panels)
  const int = (name: string) => ({ name, type: 'i32' }) as const
  const copyEdge = k.func(
    'copyEdge',
    [int('scratch'), int('c'), int('rows'), int('columns'), int('add')],
    (scratch, c, rows, columns, addTo) => {
      k.for(0, rows as Value, (i) => {
        const from = k.let(v.add(scratch as Value, v.mul(i, tile.columns)))
        const to = k.let(v.add(c as Value, v.mul(i, cRow)))
        k.for(0, columns as Value, (j) => {
          const value = k.let(v.load(panels, v.add(from, j), 1))
          const at = k.let(v.add(to, j))
          k.if(
            v.eq(addTo as Value, 0),
            () => k.store(y, at, value),
            () => k.store(y, at, v.add(v.load(y, at, 1), value)),
          )
        })
      })
      return undefined
    },
  )

  k.parallel(units, (unit) => {
    const blocksDown = k.let(v.div(v.sub(v.add(m, blockRows), v.i32(1)), blockRows))
    const blocksAcross = k.let(v.div(v.sub(v.add(n, blockColumns), v.i32(1)), blockColumns))
    const column0 = k.let(v.mul(v.rem(unit, blocksAcross), blockColumns), 'column')
    const rest = k.let(v.div(unit, blocksAcross))
    const row0 = k.let(v.mul(v.rem(rest, blocksDown), blockRows), 'row')
    const [aBatch, bBatch, cBatch] = batchOffsets(k, v.div(rest, blocksDown), extents, strides) as [Value, Value, Value]
    const row1 = k.let(v.min(m, v.add(row0, blockRows)))
    const column1 = k.let(v.min(n, v.add(column0, blockColumns)))
    const scratch = k.let(v.add(scratchStart, v.mul(unit, tile.rows * tile.columns)))
    const bBase = k.let(v.add(bStart, bBatch))
    const cBase = k.let(v.add(cOffset, cBatch))
    k.for(
      0,
      depth,
      (k0) => {
        const part = k.let(v.min(blockDepth, v.sub(depth, k0)))
        const addHere = k.let(v.or(add, v.convert(v.gt(k0, 0), 'i32')))
        k.for(
          column0,
          column1,
          (j) => {
            const b = k.let(v.add(bBase, v.add(v.mul(j, depth), v.mul(k0, tile.columns))))
            const columns = k.let(v.min(v.sub(n, j), tile.columns))
            k.for(
              row0,
              row1,
              (i) => {
                const a = k.let(v.add(aBatch, v.add(v.mul(i, depth), v.mul(k0, tile.rows))))
                const c = k.let(v.add(cBase, v.add(v.mul(i, cRow), j)))
                const rows = k.let(v.min(v.sub(m, i), tile.rows))
                k.if(
                  v.and(v.eq(rows, tile.rows), v.eq(columns, tile.columns)),
                  () => k.call(whole, [a, b, part, c, cRow, addHere]),
                  () => {
                    k.call(edge, [a, b, part, scratch, tile.columns, 0])
                    k.call(copyEdge, [scratch, c, rows, columns, addHere])
                  },
                )
              },
              tile.rows,
            )
          },
          tile.columns,
        )
      },
      blockDepth,
    )
  })
}
