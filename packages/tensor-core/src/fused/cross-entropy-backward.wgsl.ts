import { rowsWgsl } from './rows-wgsl.js'

/** The naive version is `cross-entropy-backward.kernel.ts`. */
const kernel = rowsWgsl({
  params: { ignored: ({ ignoreIndex }: { readonly ignoreIndex: number }) => ignoreIndex },
  buffers: [
    { name: 'logits', access: 'read' },
    { name: 'targets', access: 'read' },
    { name: 'lse', access: 'read' },
    { name: 'scale', access: 'read' },
    { name: 'dLogits', access: 'write' },
  ],
  along: ['logits', 'dLogits'],
  text(row, { p, load }) {
    const at = row.type === 'f32' ? 'column' : 'vec4<i32>(column, column + 1, column + 2, column + 3)'
    const label = row.type === 'f32' ? 'label' : 'vec4<i32>(label)'
    const zero = `${row.type}(0.0)`
    return {
      declarations: row.map('power', 'f_exp'),
      body: `  var label = 0;
  var sum = 0.0;
  var factor = 0.0;
  if (end > 0) {
    label = ${load('targets', 'row')};
    sum = ${load('lse', 'row')};
    factor = ${load('scale', 'row')};
  }
  if (label == ${p('ignored')}) {
${row.each(row.store('dLogits', 'base + column', zero))}
  } else {
${row.each(`let hot = select(${zero}, ${row.type}(factor), ${at} == ${label});
    ${row.store('dLogits', 'base + column', `power(${row.load('logits', 'base + column')} - sum) * factor - hot`)}`)}
  }`,
    }
  },
})

export default kernel
