import { div, roundHalfEven, type Tensor, where } from '@almanac/tensor-core'

/** The largest int8; -128 is not used, so that both signs reach as far. */
const LARGEST = 127

/**
 * x [N, H, D] as int8 values [N, H, D] and float32 scales [N, H, 1] with values * scale within half a scale of x: a token's
 * and head's scale is max |x| / 127, ties go to the even number. Dettmers et al. 2022, arXiv 2208.07339, section 2.1.
 */
export function quantizeRows(x: Tensor): { readonly values: Tensor; readonly scales: Tensor } {
  const rows = x.cast('float32')
  const scales = rows.abs().amax(-1, true).div(LARGEST) // [N, H, 1]
  // A row of zeros has no scale; any will do.
  const divisor = where(scales.eq(0), 1, scales)
  return { values: roundHalfEven(div(rows, divisor)).cast('int8'), scales }
}
