import { floatBits } from '../float-bits.js'
import { rowsWgsl } from './rows-wgsl.js'

/** The variance is taken about the mean, in a second walk. The naive version is `layer-norm.kernel.ts`. */
const kernel = rowsWgsl({
  params: { eps: ({ eps }: { readonly eps: number }) => floatBits(eps) },
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'weight', access: 'read' },
    { name: 'bias', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  along: ['x', 'weight', 'bias', 'y'],
  text(row, { p, f }) {
    const sum = row.reduce('sum')
    const x = row.load('x', 'base + column')
    const result = `(${x} - mean) * scale * ${row.load('weight', 'column')} + ${row.load('bias', 'column')}`
    return {
      declarations: sum.declarations,
      body: `  let count = f32(${p('columns')});
  var own = 0.0;
${row.each(`own += ${row.total(x)};`)}
${sum.statements('own', 'all')}
  let mean = all / count;
  own = 0.0;
${row.each(`let centred = ${x} - mean;
    own += ${row.total('centred * centred')};`)}
${sum.statements('own', 'squares')}
  let scale = 1.0 / sqrt(squares / count + ${f('eps')});
${row.each(row.store('y', 'base + column', result))}`,
    }
  },
})

export default kernel
