import type { LaunchPass } from '../../../codegen/launch-pass.js'
import type { ScalarDType } from '../../../dtype.js'
import type { Operand } from '../../../schedule/program.js'
import { directParams } from './direct-params.js'
import { buildDot } from './dot-kernel.js'
import { distinctBatches, type MatmulProblem, matmulProblem, splitProblem } from './matmul-problem.js'
import type { Tile } from './micro-kernel.js'
import { buildPack, type PackedOperand, packedBatchStrides, packedSize, packParams } from './pack-kernel.js'
import { buildStrips } from './strip-kernel.js'
import { type Blocks, buildTiles, tileParams, tileScratchSize } from './tile-kernel.js'

/** 4 x 8 keeps its sums in registers with fused and with separate multiply-adds; 3 x 12 only with fused ones. */
const TILE: Tile = { rows: 4, columns: 8 }
/** A panel of B this deep is 16 KiB, one of A 8: both fit in a first cache of 32. */
const BLOCK_DEPTH = 512
/** Panels and scratch of one launch take at most this much; larger products run in parts. */
const WORKSPACE_BYTES = 32 * 2 ** 20
/** Up to so many rows, reading B where it is beats packing it (measured, see bench/src/gemm.ts). */
const DOT_ROWS = 16
const STRIP_ROWS = 6
/** Products of at most so many multiply-adds a matrix are not worth two passes. */
const SMALL_PRODUCT = 32 ** 3

export interface MatmulLaunch {
  /** A [..., M, K] and B [..., K, N] as views of any strides, their batch axes equal (0 strides broadcast). */
  readonly inputs: readonly Operand[]
  /** One, contiguous [..., M, N]. */
  readonly outputs: readonly Operand[]
}

export interface MatmulPassOptions {
  /** A row's result does not depend on how many rows there are: no special case for few. */
  readonly batchInvariant?: boolean
}

/**
 * A matrix product as passes over the launch's slots: one where nothing is packed, otherwise pairs of packing and
 * multiplying. float32, float16 and bfloat16, sums in float32. Sizes and strides are parameters: a handful of kernels
 * serves all shapes. Which kernels run and the order of every sum depend on shapes and strides only.
 */
export function matmulPasses({ inputs, outputs }: MatmulLaunch, options: MatmulPassOptions = {}): LaunchPass[] {
  const [a, b] = inputs as readonly [Operand, Operand]
  const [y] = outputs as readonly [Operand]
  const dtypes = [a.dtype, b.dtype] as [ScalarDType, ScalarDType]
  const output = y.dtype as ScalarDType
  const problem = matmulProblem(inputs, y)
  const direct = directKernel(problem, options)
  const multiplyAdds = (p: MatmulProblem): number => p.batch.reduce((all, extent) => all * extent, p.m * p.n * p.k)
  if (direct) {
    const [name, build] =
      direct === 'dot' ? (['matmulDot', buildDot] as const) : (['matmulStrips', buildStrips] as const)
    return [
      {
        key: `${name}|${dtypes}|${output}`,
        name,
        buffers: [
          { slot: a.slot, access: 'read' },
          { slot: b.slot, access: 'read' },
          { slot: y.slot, access: 'write' },
        ],
        params: directParams(problem),
        workspaceBytes: 0,
        work: multiplyAdds(problem),
        build: (k) => build(k, dtypes, output),
      },
    ]
  }
  // A sum that is cut into parts must be kept in float32 between them.
  const blockDepth = output === 'float32' ? BLOCK_DEPTH : Math.max(problem.k, 1)
  const fits = (part: MatmulProblem): boolean => layOut(part, blockDepth).bytes <= WORKSPACE_BYTES
  return splitProblem(problem, fits, BLOCK_DEPTH).flatMap((part) => {
    const { blocks, packedA, packedB, scratchStart, bytes } = layOut(part, blockDepth)
    const elements =
      part.m * part.k * distinctBatches(part.batch, part.a.batch) +
      part.n * part.k * distinctBatches(part.batch, part.b.batch)
    const pack: LaunchPass = {
      key: `matmulPack|${dtypes}`,
      name: 'matmulPack',
      buffers: [{ slot: a.slot, access: 'read' }, { slot: b.slot, access: 'read' }, 'workspace'],
      params: packParams(packedA, packedB),
      workspaceBytes: bytes,
      work: 4 * elements,
      build: (k) => buildPack(k, dtypes, [TILE.rows, TILE.columns]),
    }
    const multiply: LaunchPass = {
      key: `matmulTiles|${output}`,
      name: 'matmulTiles',
      buffers: ['workspace', { slot: y.slot, access: 'write' }],
      params: tileParams(part, blocks, {
        a: packedBatchStrides(packedA),
        b: packedBatchStrides(packedB),
        bStart: packedB.start,
        scratchStart,
      }),
      workspaceBytes: bytes,
      work: multiplyAdds(part),
      build: (k) => buildTiles(k, output, TILE),
    }
    return [pack, multiply]
  })
}

function directKernel(
  { m, n, k, a, b }: MatmulProblem,
  { batchInvariant }: MatmulPassOptions,
): 'dot' | 'strips' | null {
  if (k === 0) return 'strips'
  if (batchInvariant) return null
  const small = m * n * k <= SMALL_PRODUCT
  if (b.row === 1 && a.column === 1 && (m <= DOT_ROWS || small)) return 'dot'
  if ((b.column === 1 || n === 1) && (m <= STRIP_ROWS || small)) return 'strips'
  return null
}

/** Where everything lies in the workspace, and how C is cut. */
function layOut(problem: MatmulProblem, depth: number) {
  const { batch, m, n, k, a, b } = problem
  const sides: Omit<PackedOperand, 'start'>[] = [
    {
      lanes: m,
      depth: k,
      batch,
      strides: a.batch,
      laneStride: a.row,
      depthStride: a.column,
      offset: a.offset,
      width: TILE.rows,
    },
    {
      lanes: n,
      depth: k,
      batch,
      strides: b.batch,
      laneStride: b.column,
      depthStride: b.row,
      offset: b.offset,
      width: TILE.columns,
    },
  ]
  const [aSide, bSide] = sides as [(typeof sides)[0], (typeof sides)[0]]
  const packedA: PackedOperand = { ...aSide, start: 0 }
  const packedB: PackedOperand = { ...bSide, start: packedSize(aSide) }
  const scratchStart = packedB.start + packedSize(bSide)
  const blocks = blocksOf(problem, depth)
  return { blocks, packedA, packedB, scratchStart, bytes: 4 * (scratchStart + tileScratchSize(problem, blocks, TILE)) }
}

/** Blocks small enough to give every worker its share, large enough that panels are used often. */
function blocksOf({ batch, m, n }: MatmulProblem, depth: number): Blocks {
  let [rows, columns] = [128, 256]
  const units = (): number =>
    batch.reduce((all, extent) => all * extent, 1) * Math.ceil(m / rows) * Math.ceil(n / columns)
  while (units() < 16 && (rows > 32 || columns > 64)) {
    if (columns > 64 && columns >= 2 * rows) columns /= 2
    else if (rows > 32) rows /= 2
    else columns /= 2
  }
  return { rows, columns, depth }
}
