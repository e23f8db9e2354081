import type { MatmulOperand } from '../../../codegen/matmul-problem.js'

/** Along which axis neighbouring invocations read a panel: the one along which it lies in memory. */
export type Along = 'depth' | 'side'

export const alongOf = (depthStride: number, sideStride: number): Along =>
  Math.abs(depthStride) === 1 || Math.abs(sideStride) !== 1 ? 'depth' : 'side'

const byFour = (...values: readonly number[]): boolean => values.every((value) => value % 4 === 0)

/** Whether a panel can be read four elements at a time, at multiples of four. */
export function byFours(
  { offset, batch }: MatmulOperand,
  along: Along,
  strides: { readonly depth: number; readonly side: number },
  extents: { readonly depth: number; readonly side: number },
): boolean {
  const other = along === 'depth' ? 'side' : 'depth'
  // The stride of an axis with one element is never walked.
  const across = extents[other] > 1 ? strides[other] : 0
  return strides[along] === 1 && byFour(offset, across, extents[along], ...batch)
}

/** Whether all results, taken by fours along a row of n, lie at multiples of four. */
export const storesFours = ({ offset, batch, row }: MatmulOperand, n: number): boolean =>
  byFour(offset, row, n, ...batch)
