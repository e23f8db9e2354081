import type { RowText } from './row-team.js'

/** The most negative finite float32, and the largest. */
export const LOWEST = '-3.4028234663852886e38'
const HIGHEST = '3.4028234663852886e38'

/** Text that finds a row's largest element and the sum of e^(x - it), reading the row once (Milakov and Gimelshein 2018, arXiv 1805.02867). */
export interface SoftmaxSums {
  readonly declarations: string
  /** Binds `peak`, at least LOWEST, and `total`; a NaN in the row is passed over by the peak and carried by the total. */
  readonly statements: string
}

/** `finite`: the peak is at most the largest finite float, so that a row with +Infinity has an infinite total, not NaN. */
export function softmaxSums<Buffers extends string>(
  row: RowText<Buffers>,
  x: Buffers,
  { finite }: { readonly finite: boolean },
): SoftmaxSums {
  const largest = row.reduce('max', { name: 'peak' })
  const sum = row.reduce('sum', { name: 'total' })
  const top = row.type === 'f32' ? 'values' : 'larger(larger(values.x, values.y), larger(values.z, values.w))'
  return {
    declarations: `${largest.declarations}${sum.declarations}${row.map('power', 'f_exp')}
fn larger(a: f32, b: f32) -> f32 { return select(a, b, b > a); }
`,
    statements: `  var ownPeak = ${LOWEST};
  var ownTotal = 0.0;
${row.each(`let values = ${row.load(x, 'base + column')};
    let next = ${finite ? `min(larger(ownPeak, ${top}), ${HIGHEST})` : `larger(ownPeak, ${top})`};
    ownTotal = ownTotal * f_exp(ownPeak - next) + ${row.total('power(values - next)')};
    ownPeak = next;`)}
${largest.statements('ownPeak', 'peak')}
${sum.statements('ownTotal * f_exp(ownPeak - peak)', 'total')}`,
  }
}
