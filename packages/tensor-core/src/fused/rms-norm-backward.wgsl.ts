import { normBackwardWgsl } from './norm-backward-wgsl.js'
import { rowsPass } from './rms-norm-backward.kernel.js'

/** The naive version is `rms-norm-backward.kernel.ts`. */
const passes = normBackwardWgsl(
  ['dWeight'],
  (row, { f }) => {
    const sums = row.reduce('sum', { type: 'vec2<f32>' })
    return {
      declarations: sums.declarations,
      row: `  var own = vec2<f32>(0.0);
${row.each(`let values = ${row.load('x', 'base + column')};
    let weighted = ${row.load('dy', 'base + column')} * ${row.load('weight', 'column')};
    own += vec2<f32>(${row.total('values * values')}, ${row.total('weighted * values')});`)}
${sums.statements('own', 'sums')}
  let scale = 1.0 / sqrt(sums.x / count + ${f('eps')});
  let mean = sums.y * scale / count;`,
      dx: '(weighted - values * scale * mean) * scale',
      terms: ['gradient * (values * scale)'],
    }
  },
  rowsPass,
)

export default passes
