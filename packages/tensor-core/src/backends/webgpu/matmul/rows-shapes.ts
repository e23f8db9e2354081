import { kernelFamily } from '../../../wgsl/kernel-family.js'

/** How few rows times a matrix stored [N, K] are dealt out. */
export interface RowsShape {
  /** Of a workgroup: they walk along K together. */
  readonly invocations: number
  /** Rows of B a workgroup. */
  readonly columns: number
}

export const rowsName = ({ invocations, columns }: RowsShape): string => `${invocations}by${columns}`

const shape = (invocations: number, columns: number): readonly [string, RowsShape] => [
  rowsName({ invocations, columns }),
  { invocations, columns },
]

/** Group shapes of few rows times a matrix. */
export const rowsShapes = kernelFamily('matmulRows', [
  shape(64, 1),
  shape(32, 1),
  shape(128, 1),
  shape(256, 1),
  shape(32, 2),
  shape(64, 2),
  shape(128, 2),
  shape(32, 4),
  shape(64, 4),
  shape(128, 4),
])
