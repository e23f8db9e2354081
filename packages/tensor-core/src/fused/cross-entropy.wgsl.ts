import { rowsWgsl } from './rows-wgsl.js'
import { softmaxSums } from './softmax-sums.js'

/** The logits are read once. The naive version is `cross-entropy.kernel.ts`. */
const kernel = rowsWgsl({
  params: { ignored: ({ ignoreIndex }: { readonly ignoreIndex: number }) => ignoreIndex },
  buffers: [
    { name: 'logits', access: 'read' },
    { name: 'targets', access: 'read' },
    { name: 'loss', access: 'write' },
    { name: 'lse', access: 'write' },
  ],
  along: ['logits'],
  text(row, { p, load, store }) {
    const sums = softmaxSums(row, 'logits', { finite: true })
    return {
      declarations: sums.declarations,
      body: `${sums.statements}
  if (place == 0 && row < ${p('rows')}) {
    let sum = f_log(total) + peak;
    let label = ${load('targets', 'row')};
    var value = 0.0;
    if (label != ${p('ignored')}) {
      value = from_bits(0x7fc00000u);
      if (label >= 0 && label < ${p('columns')}) { value = sum - ${load('logits', 'base + label')}; }
    }
    ${store('lse', 'row', 'sum')}
    ${store('loss', 'row', 'value')}
  }`,
    }
  },
})

export default kernel
