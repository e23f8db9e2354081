import { matmulRecord } from '../../../ops/matmul.js'
import type { OpaqueRecord } from '../../../ops/op-record.js'
import type { Program } from '../../../schedule/program.js'
import { contiguousView, permuteView } from '../../../view.js'
import type { KernelFamily } from '../../../wgsl/kernel-family.js'
import { largeTiles } from '../matmul/large-tiles.js'
import { mediumTiles } from '../matmul/medium-tiles.js'
import { rowsShapes } from '../matmul/rows-shapes.js'
import { smallTiles } from '../matmul/small-tiles.js'

/** C [batch, M, N] = A [batch, M, K] B^T, with B [batch, N, K] as a Linear layer's weight lies. */
export type ProductShape = readonly [batch: number, m: number, k: number, n: number]

export interface TunedFamily {
  readonly family: KernelFamily
  /** What it is timed on: the products of a small transformer in training, and in decoding. */
  readonly shapes: readonly ProductShape[]
}

export const TUNED_FAMILIES: readonly TunedFamily[] = [
  {
    family: largeTiles,
    shapes: [
      [1, 2048, 1024, 2048],
      [1, 4096, 768, 3072],
      [1, 2048, 4096, 2048],
    ],
  },
  {
    family: mediumTiles,
    shapes: [
      [1, 1024, 768, 768],
      [1, 512, 1024, 1024],
      [24, 128, 64, 256],
    ],
  },
  {
    family: smallTiles,
    shapes: [
      [1, 32, 1024, 1024],
      [1, 256, 768, 256],
      [24, 32, 64, 128],
    ],
  },
  {
    family: rowsShapes,
    shapes: [
      [1, 1, 2048, 2048],
      [1, 1, 2048, 8192],
      [1, 4, 2048, 2048],
    ],
  },
]

export function productProgram([batch, m, k, n]: ProductShape): Program {
  const [a, b, c] = [contiguousView([batch, m, k]), contiguousView([batch, n, k]), contiguousView([batch, m, n])]
  const slot = (size: number) => ({ dtype: 'float32', size, role: 'bound', first: 0, last: 0 }) as const
  return {
    slots: [slot(batch * m * k), slot(batch * n * k), slot(batch * m * n)],
    launches: [
      {
        kind: 'op',
        label: 'matmul',
        record: matmulRecord as OpaqueRecord,
        attributes: undefined,
        inputs: [
          { slot: 0, dtype: 'float32', view: a },
          { slot: 1, dtype: 'float32', view: permuteView(b, [0, 2, 1]) },
        ],
        outputs: [{ slot: 2, dtype: 'float32', view: c }],
      },
    ],
    key: `product ${batch}x${m}x${k}x${n}`,
  }
}
