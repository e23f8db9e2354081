import { epilogueCode } from '../../../codegen/epilogue-code.js'
import { type MatmulProblem, matmulProblem, splitProblem } from '../../../codegen/matmul-problem.js'
import { paramList } from '../../../codegen/param-list.js'
import { isBlock } from '../../../dtype.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { KernelLaunch, KernelOperand } from '../../../ops/op-record.js'
import type { OpLaunch } from '../../../schedule/program.js'
import type { OverridePass } from '../kernel-overrides.js'
import { directParams } from './direct-params.js'
import { buildDot } from './dot-kernel.js'
import { type MatmulBuffers, matmulBuffers } from './matmul-buffers.js'
import type { Tile } from './micro-kernel.js'
import { buildPack, type PackedOperand, packedBatchStrides, packedSize, packParams } from './pack-kernel.js'
import { buildStrips } from './strip-kernel.js'
import { type Blocks, buildTiles, tileParams, tileScratchSize } from './tile-kernel.js'
import { buildVector, vectorParams } from './vector-kernel.js'

/** Keeps its sums in registers with fused and with separate multiply-adds. */
const SQUARE: Tile = { rows: 4, columns: 8 }
/** Only with fused ones, which need no register for the product: twelve sums hide a multiply-add's latency. */
const WIDE: Tile = { rows: 6, columns: 8 }
/** How much faster (measured, see bench/src/gemm.ts); where its edges waste more, the other tile runs. */
const WIDE_GAIN = 1.04
/** A panel of B this deep is 18 KiB, one of A 5: both fit in a first cache of 32. */
export const BLOCK_DEPTH = 384
const WORKSPACE_BYTES = 32 * 2 ** 20
/** Blocks of C that two workers share well. */
const LEAST_UNITS = 16
/** Up to so many rows, reading B where it is beats packing it (measured, see bench/src/gemm.ts). */
const DOT_ROWS = 24
/** Up to so many it is the memory that sets the pace. */
const VECTOR_ROWS = 3
const STRIP_ROWS = 4
/** Products of at most so many multiply-adds a matrix are not worth two passes. */
const SMALL_PRODUCT = 32 ** 3
/** A [K, N] matrix of so many elements stays in the first cache and needs no packing, however many rows there are. */
const CACHED_MATRIX = 8192

export interface MatmulPassOptions {
  /** The engine multiplies and adds in one instruction. */
  readonly fusedMultiplyAdd?: boolean
  /** A row's result does not depend on how many rows there are: no special case for few. */
  readonly batchInvariant?: boolean
  /** The launch whose epilogue the results go through, where one pass sees all of a result's sum. */
  readonly epilogueOf?: OpLaunch | undefined
  /** Panels and scratch of one launch take at most this much; larger products run in parts. Default: 32 MiB. */
  readonly workspaceBytes?: number
}

/**
 * A matrix product as passes: one where nothing is packed, otherwise pairs of packing and multiplying.
 * Inputs: A [..., M, K] and B [..., K, N] as views of any strides with equal batch axes (stride 0 broadcasts), float32,
 * float16 or bfloat16, B also packed in blocks along K; output: contiguous [..., M, N]. Sums are taken in float32. Sizes and strides are parameters: a
 * handful of kernels serves all shapes. Which of them run and the order of every sum depend on shapes and strides only.
 */
export function matmulPasses(launch: KernelLaunch, options: MatmulPassOptions = {}): OverridePass[] {
  const [y] = launch.outputs as readonly [KernelOperand]
  const problem = matmulProblem(launch.inputs, y)
  const multiplyAdds = (p: MatmulProblem): number => p.batch.reduce((all, extent) => all * extent, p.m * p.n * p.k)
  const direct = isBlock((launch.inputs[1] as KernelOperand).dtype) ? null : directKernel(problem, options)
  if (direct) {
    const { name, params, build } = DIRECT_KERNELS[direct]
    return [storingPass(name, { work: multiplyAdds(problem), params: params(problem), build }, options.epilogueOf)]
  }
  // A sum that is cut into parts must be kept in float32 between them.
  const tile = tileFor(problem, options)
  const blockDepth = y.dtype === 'float32' ? BLOCK_DEPTH : problem.k
  const limit = options.workspaceBytes ?? WORKSPACE_BYTES
  const fits = (part: MatmulProblem): boolean => layOut(part, blockDepth, tile).bytes <= limit
  const parts = splitProblem(problem, fits, BLOCK_DEPTH)
  // Of several parts none knows where in the whole product it stands.
  const epilogueOf = parts.length === 1 ? options.epilogueOf : undefined
  return parts.flatMap((part): OverridePass[] => {
    const { blocks, packedA, packedB, scratchStart, bytes } = layOut(part, blockDepth, tile)
    const packed = {
      a: packedBatchStrides(packedA),
      b: packedBatchStrides(packedB),
      bStart: packedB.start,
      scratchStart,
    }
    return [
      {
        name: `matmulPack${tile.rows}x${tile.columns}`,
        source: {
          work: () => 4 * scratchStart,
          params: () => packParams(packedA, packedB),
          build: (k, signature) => buildPack(k, matmulBuffers(k, signature), [tile.rows, tile.columns]),
          workspace: () => bytes,
        },
      },
      storingPass(
        `matmulTiles${tile.rows}x${tile.columns}`,
        {
          work: multiplyAdds(part),
          params: tileParams(part, blocks, packed),
          build: (k, buffers) => buildTiles(k, buffers, tile),
          workspaceBytes: bytes,
        },
        epilogueOf,
      ),
    ]
  })
}

interface StoringKernel {
  readonly work: number
  readonly params: readonly number[]
  readonly workspaceBytes?: number
  build(k: KernelBuilder, buffers: MatmulBuffers): void
}

/** A pass whose results are those of the launch, or what its epilogue makes of them. */
function storingPass(name: string, kernel: StoringKernel, epilogueOf: OpLaunch | undefined): OverridePass {
  const { work, params, workspaceBytes, build } = kernel
  const list = paramList()
  const epilogue = epilogueOf ? epilogueCode(epilogueOf, list) : null
  return {
    name,
    finishes: epilogue !== null,
    source: {
      work: () => work,
      variant: () => epilogue?.key ?? '',
      // The epilogue's come first: functions of a kernel see only what was declared before them.
      params: () => [...list.values, ...params],
      build(k, signature) {
        const buffers = matmulBuffers(k, signature, workspaceBytes !== undefined)
        build(k, epilogue ? { ...buffers, finish: epilogue.bind(k, list.declare(k), buffers.extra) } : buffers)
      },
      ...(workspaceBytes === undefined ? {} : { workspace: () => workspaceBytes }),
    },
  }
}

/** Kernels that read their operands where they are. */
const DIRECT_KERNELS = {
  vector: { name: 'matmulVector', params: vectorParams, build: buildVector },
  dot: { name: 'matmulDot', params: directParams, build: buildDot },
  strips: { name: 'matmulStrips', params: directParams, build: buildStrips },
} as const

function directKernel(
  { m, n, k, a, b }: MatmulProblem,
  { batchInvariant }: MatmulPassOptions,
): keyof typeof DIRECT_KERNELS | null {
  if (k === 0) return 'strips'
  if (batchInvariant) return null
  const small = m * n * k <= SMALL_PRODUCT
  if (b.row === 1 && a.column === 1 && (m <= DOT_ROWS || small)) return m <= VECTOR_ROWS ? 'vector' : 'dot'
  if ((b.column === 1 || n === 1) && (m <= STRIP_ROWS || small || (n * k <= CACHED_MATRIX && n % 4 === 0)))
    return 'strips'
  return null
}

function tileFor({ m, n }: MatmulProblem, { fusedMultiplyAdd }: MatmulPassOptions): Tile {
  const padded = ({ rows, columns }: Tile): number => Math.ceil(m / rows) * rows * Math.ceil(n / columns) * columns
  return fusedMultiplyAdd && padded(WIDE) < padded(SQUARE) * WIDE_GAIN ? WIDE : SQUARE
}

/** Where everything lies in the workspace, and how C is cut. */
function layOut(problem: MatmulProblem, depth: number, tile: Tile) {
  const { batch, m, n, k, a, b } = problem
  const sides: Omit<PackedOperand, 'start'>[] = [
    {
      lanes: m,
      depth: k,
      blockDepth: depth,
      batch,
      strides: a.batch,
      laneStride: a.row,
      depthStride: a.column,
      offset: a.offset,
      width: tile.rows,
    },
    {
      lanes: n,
      depth: k,
      blockDepth: depth,
      batch,
      strides: b.batch,
      laneStride: b.column,
      depthStride: b.row,
      offset: b.offset,
      width: tile.columns,
    },
  ]
  const [aSide, bSide] = sides as [(typeof sides)[0], (typeof sides)[0]]
  const packedA: PackedOperand = { ...aSide, start: 0 }
  const packedB: PackedOperand = { ...bSide, start: packedSize(aSide) }
  const scratchStart = packedB.start + packedSize(bSide)
  const blocks = blocksOf(problem, depth, tile)
  return { blocks, packedA, packedB, scratchStart, bytes: 4 * (scratchStart + tileScratchSize(problem, blocks, tile)) }
}

/** Blocks small enough to give every worker its share, large enough that panels are used often. */
function blocksOf({ batch, m, n }: MatmulProblem, depth: number, tile: Tile): Blocks {
  let [rows, columns] = [96, 192]
  const units = (): number =>
    batch.reduce((all, extent) => all * extent, 1) * Math.ceil(m / rows) * Math.ceil(n / columns)
  while (units() < LEAST_UNITS && (rows > 24 || columns > 48)) {
    if (columns > 48 && columns >= 2 * rows) columns /= 2
    else if (rows > 24) rows /= 2
    else columns /= 2
  }
  return { rows: evenly(m, rows, tile.rows), columns: evenly(n, columns, tile.columns), depth }
}

/** Blocks of about `block`, as equal as multiples of the tile's side can be. */
function evenly(extent: number, block: number, side: number): number {
  const count = Math.ceil(extent / block)
  return Math.max(side, Math.ceil(extent / count / side) * side)
}
