import { computeTypeOf, type ScalarDType } from '../../../dtype.js'
import type { KernelLaunch, KernelOperand } from '../../../ops/op-record.js'
import { type Rows, rowsAround } from '../../../ops/rows.js'
import { defineWgsl } from '../../../wgsl/wgsl-source.js'

type Attributes = { readonly axis: number }

const INVOCATIONS = 256
/** Neighbouring elements of an invocation. */
const EACH = 4
const TILE = INVOCATIONS * EACH
/** Elements of a row below which an invocation takes it alone. */
const SHORT_ROW = 64

const around = ({ inputs: [x], attributes: { axis } }: KernelLaunch<Attributes>): Rows =>
  rowsAround((x as KernelOperand).view.shape, axis)

/**
 * A workgroup a row, tile by tile: sums of a few neighbours, their running sums by doubling steps in workgroup memory, and
 * what the tiles before gave. The naive version is the kernel of `ops/cumsum.ts`.
 */
export const cumsumWgsl = defineWgsl<Attributes>({
  applies(launch) {
    const { n, inner } = around(launch)
    return inner === 1 && n >= SHORT_ROW
  },
  paramNames: ['n'],
  params: (launch) => [around(launch).n],
  groups: (launch) => around(launch).outer,
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  text({ p, load, store, inputs }) {
    const type = computeTypeOf(inputs[0]?.dtype as ScalarDType)
    const each = [...Array(EACH).keys()]
    const steps: string[] = []
    for (let by = 1; by < INVOCATIONS; by *= 2) {
      steps.push(`    {
      var before = ${type}(0);
      if (lid >= ${by}) { before = sums[lid - ${by}]; }
      workgroupBarrier();
      sums[lid] += before;
      workgroupBarrier();
    }`)
    }
    return {
      workgroupSize: INVOCATIONS,
      declarations: `var<workgroup> sums: array<${type}, ${INVOCATIONS}>;\n`,
      body: `  let base = group * ${p('n')};
  var carried = ${type}(0);
  for (var start = 0; start < ${p('n')}; start += ${TILE}) {
    let first = start + lid * ${EACH};
    ${each.map((i) => `var v${i} = ${type}(0); if (first + ${i} < ${p('n')}) { v${i} = ${load('x', `base + first + ${i}`)}; }`).join('\n    ')}
    ${each
      .slice(1)
      .map((i) => `v${i} += v${i - 1};`)
      .join(' ')}
    sums[lid] = v${EACH - 1};
    workgroupBarrier();
${steps.join('\n')}
    var before = carried;
    if (lid > 0) { before += sums[lid - 1]; }
    ${each.map((i) => `if (first + ${i} < ${p('n')}) { ${store('y', `base + first + ${i}`, `before + v${i}`)} }`).join('\n    ')}
    carried += sums[${INVOCATIONS - 1}];
    workgroupBarrier();
  }`,
    }
  },
})
