import { computeTypeOf } from '../../../dtype.js'
import type { KernelLaunch, KernelOperand } from '../../../ops/op-record.js'
import { type Rows, rowsAround } from '../../../ops/rows.js'
import { orderKey } from '../../../wgsl/order-key.js'
import { reduceWorkgroup } from '../../../wgsl/reduce-workgroup.js'
import { defineWgsl } from '../../../wgsl/wgsl-source.js'

type Attributes = { readonly axis: number; readonly smallest: boolean }

const INVOCATIONS = 256
/** Elements that an invocation has under way at once. */
const WAYS = 4
/** Elements of a row below which an invocation takes it alone. */
const SHORT_ROW = 64

const around = ({ inputs: [x], attributes: { axis } }: KernelLaunch<Attributes>): Rows =>
  rowsAround((x as KernelOperand).view.shape, axis)

/** The key below which nothing wins: that of -Infinity, or of the least integer. */
const FIRST = { f32: 'i32(-2139095041)', i32: 'i32(-2147483648)', u32: 'i32(-2147483648)' }

/**
 * A workgroup a row: each invocation finds the first of its largest elements, then the largest of all and the lowest index
 * that has it. NaN's key is below all others. The naive version is the kernel of `ops/argmax.ts`.
 */
export const argmaxWgsl = defineWgsl<Attributes>({
  applies(launch) {
    const { n, inner } = around(launch)
    return inner === 1 && n >= SHORT_ROW
  },
  paramNames: ['n', 'flip'],
  params: (launch) => [around(launch).n, launch.attributes.smallest ? -1 : 0],
  groups: (launch) => around(launch).outer,
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  text({ p, load, store, gpu, inputs }) {
    const type = computeTypeOf(inputs[0]?.dtype as 'float32') as keyof typeof FIRST
    const largest = reduceWorkgroup('max', INVOCATIONS, gpu, { type: 'i32' })
    const lowest = reduceWorkgroup('min', INVOCATIONS, gpu, { type: 'i32' })
    const keys = orderKey(type, 'first')
    const ways = [...Array(WAYS).keys()]
    // Beyond the row its last element comes again, at its own index.
    const indices = ways.map((i) => `let j${i} = min(j + ${i * INVOCATIONS}, ${p('n')} - 1);`)
    const keyed = ways.map((i) => `let key${i} = order_key(${load('x', `group * ${p('n')} + j${i}`)}, ${p('flip')});`)
    const steps = ways.map((i) => `if (key${i} > best) { best = key${i}; at = j${i}; }`)
    return {
      workgroupSize: INVOCATIONS,
      usesSubgroups: gpu.subgroups,
      declarations: keys + largest.declarations + lowest.declarations,
      body: `  var best = ${FIRST[type]};
  var at = 0;
  for (var j = lid; j < ${p('n')}; j += ${WAYS * INVOCATIONS}) {
    ${[...indices, ...keyed, ...steps].join('\n    ')}
  }
${largest.statements('best', 'top')}
${lowest.statements('select(2147483647, at, best == top)', 'first')}
  if (lid == 0) { ${store('y', 'group', 'first')} }`,
    }
  },
})
