import type { MatmulProblem } from '../../../codegen/matmul-problem.js'
import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { KernelFunction, Value } from '../../../kernel/value.js'
import { batchOffsets, batchParams, paddedBatch } from './batch-index.js'
import type { MatmulBuffers } from './matmul-buffers.js'
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

const int = (name: string) => ({ name, type: 'i32' }) as const

/**
 * The kernel. Within a unit: for each part of the depth, for each panel of A (it stays in the first cache), for each panel
 * of B, so that the rows of C are written from left to right. A sum runs through the depth's parts in order, whoever
 * computes it.
 */
export function buildTiles(k: KernelBuilder, { panels, y, finish }: MatmulBuffers, tile: Tile): void {
  const units = k.param('units')
  const [m, n, depth] = [k.param('m'), k.param('n'), k.param('k')]
  const [blockRows, blockColumns, blockDepth] = [k.param('blockRows'), k.param('blockColumns'), k.param('blockDepth')]
  const add = k.param('add')
  const [bStart, scratchStart] = [k.param('bStart'), k.param('scratchStart')]
  const [cOffset, cRow] = [k.param('cOffset'), k.param('cRow')]
  const extents = batchParams(k, 'extent')
  const strides = [batchParams(k, 'aBatch'), batchParams(k, 'bBatch'), batchParams(k, 'cBatch')]

  // Whole tiles go to C itself, those at its edges by way of scratch memory: the sums are taken in one order in both.
  const tiles = {
    first: microKernel(k, 'tile', tile, panels, y, false),
    later: microKernel(k, 'addTile', tile, panels, y, true),
  }
  const edges = {
    first: microKernel(k, 'edgeTile', tile, panels, panels, false),
    later: microKernel(k, 'addEdgeTile', tile, panels, panels, true),
  }
  const copyEdge = (name: string, copy: (inScratch: Value, inC: Value) => void): KernelFunction =>
    k.func(name, ['scratch', 'c', 'rows', 'columns'].map(int), (scratch, c, rows, columns) => {
      k.for(0, rows as Value, (i) => {
        const line = k.let(v.add(scratch as Value, v.mul(i, tile.columns)))
        const cLine = k.let(v.add(c as Value, v.mul(i, cRow)))
        k.for(0, columns as Value, (j) => copy(v.add(line, j), v.add(cLine, j)))
      })
      return undefined
    })
  const fetchEdge = copyEdge('fetchEdge', (inScratch, inC) => k.store(panels, inScratch, v.load(y, inC, 1)))
  const storeEdge = copyEdge('storeEdge', (inScratch, inC) => k.store(y, inC, v.load(panels, inScratch, 1)))

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
    const padded = (extent: Value, side: number): Value =>
      k.let(v.mul(v.div(v.add(extent, side - 1), side), side), 'padded')
    const [aLanes, bLanes] = [padded(m, tile.rows), padded(n, tile.columns)]
    const cBase = k.let(v.add(cOffset, cBatch))
    k.for(
      0,
      depth,
      (k0) => {
        const part = k.let(v.min(blockDepth, v.sub(depth, k0)))
        const addHere = k.let(v.or(add, v.convert(v.gt(k0, 0), 'i32')))
        const aPart = k.let(v.add(aBatch, v.mul(k0, aLanes)))
        const bPart = k.let(v.add(bBase, v.mul(k0, bLanes)))
        k.for(
          row0,
          row1,
          (i) => {
            const a = k.let(v.add(aPart, v.mul(i, part)))
            const rows = k.let(v.min(v.sub(m, i), tile.rows))
            const cLine = k.let(v.add(cBase, v.mul(i, cRow)))
            k.for(
              column0,
              column1,
              (j) => {
                const b = k.let(v.add(bPart, v.mul(j, part)))
                const c = k.let(v.add(cLine, j))
                const columns = k.let(v.min(v.sub(n, j), tile.columns))
                k.if(
                  v.and(v.eq(rows, tile.rows), v.eq(columns, tile.columns)),
                  () =>
                    k.if(
                      v.eq(addHere, 0),
                      () => k.call(tiles.first, [a, b, part, c, cRow]),
                      () => k.call(tiles.later, [a, b, part, c, cRow]),
                    ),
                  () => {
                    k.if(
                      v.eq(addHere, 0),
                      () => k.call(edges.first, [a, b, part, scratch, tile.columns]),
                      () => {
                        k.call(fetchEdge, [scratch, c, rows, columns])
                        k.call(edges.later, [a, b, part, scratch, tile.columns])
                      },
                    )
                    k.call(storeEdge, [scratch, c, rows, columns])
                  },
                )
              },
              tile.columns,
            )
          },
          tile.rows,
        )
      },
      blockDepth,
    )
    // The unit's block of C is whole now, and still in the second cache.
    if (finish) {
      k.for(row0, row1, (i) => {
        const line = k.let(v.add(cBase, v.mul(i, cRow)))
        k.forVector(column0, column1, (j, lanes) => {
          const c = k.let(v.add(line, j))
          k.store(y, c, finish(k.let(v.load(y, c, lanes)), c, lanes, j))
        })
      })
    }
  })
}
