import { rowsPass } from './layer-norm-backward.kernel.js'
import { normBackwardWgsl } from './norm-backward-wgsl.js'

/** The naive version is `layer-norm-backward.kernel.ts`. */
const passes = normBackwardWgsl(
  ['dWeight', 'dBias'],
  (row, { f }) => {
    const first = row.reduce('sum', { name: 'first' })
    const sums = row.reduce('sum', { type: 'vec3<f32>' })
    const x = row.load('x', 'base + column')
    return {
      declarations: first.declarations + sums.declarations,
      row: `  var ownFirst = 0.0;
${row.each(`ownFirst += ${row.total(x)};`)}
${first.statements('ownFirst', 'all')}
  let mean = all / count;
  var own = vec3<f32>(0.0);
${row.each(`let centred = ${x} - mean;
    let weighted = ${row.load('dy', 'base + column')} * ${row.load('weight', 'column')};
    own += vec3<f32>(${row.total('centred * centred')}, ${row.total('weighted')}, ${row.total('weighted * centred')});`)}
${sums.statements('own', 'sums')}
  let scale = 1.0 / sqrt(sums.x / count + ${f('eps')});
  let average = sums.y / count;
  let slope = sums.z * scale / count;`,
      dx: '(weighted - average - (values - mean) * scale * slope) * scale',
      terms: ['gradient * ((values - mean) * scale)', 'gradient'],
    }
  },
  rowsPass,
)

export default passes
