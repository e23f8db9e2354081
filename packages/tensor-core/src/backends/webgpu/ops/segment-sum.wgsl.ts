import { computeTypeOf, isFloat, type ScalarDType } from '../../../dtype.js'
import type { KernelLaunch, KernelOperand } from '../../../ops/op-record.js'
import { rowsAround } from '../../../ops/rows.js'
import { defineWgsl, type WgslBuffer, type WgslSource } from '../../../wgsl/wgsl-source.js'

type Attributes = { readonly axis: number; readonly segments: number }

/*
 * Sums of slices by segment, in the order of the slices and without atomics. Every slice finds the next one of its segment,
 * and whether it is the first; then every element of the result walks its segment's chain. With N slices and V segments the
 * first costs N^2 comparisons, from workgroup memory by fours (2^26 for 8,192 slices), the second reads each slice once and
 * writes the result once: nothing grows with V N. A chain is as slow as its length; the longest waits for one load a slice.
 * The naive version is the kernel of `ops/segment-sum.ts`.
 */

const INVOCATIONS = 256
/** Slices up to which comparing all with all is cheap: 2^34 comparisons. */
const MOST_SLICES = 131_072

function problem({ inputs: [x], attributes: { axis, segments } }: KernelLaunch<Attributes>) {
  const { dtype, view } = x as KernelOperand
  const { outer, n, inner } = rowsAround(view.shape, axis)
  // An empty buffer is one word long: too short for a vector.
  const wide = n > 0 && isFloat(dtype as ScalarDType) && inner % 4 === 0 ? 4 : 1
  return { outer, n, inner, segments, wide, pieces: inner / wide, size: (outer * segments * inner) / wide }
}

const PARAMS = ['n', 'inner', 'segments', 'pieces', 'size'] as const
const BUFFERS = [
  { name: 'x', access: 'read' },
  { name: 'ids', access: 'read' },
  { name: 'y', access: 'write' },
] as const satisfies readonly WgslBuffer[]

/** The workspace: the first slice of each segment (n where it has none), then the next slice of each slice. */
const common = {
  applies: (launch: KernelLaunch<Attributes>) => problem(launch).n <= MOST_SLICES,
  paramNames: PARAMS,
  params(launch: KernelLaunch<Attributes>) {
    const { n, inner, segments, pieces, size } = problem(launch)
    return [n, inner, segments, pieces, size]
  },
  workspace(launch: KernelLaunch<Attributes>) {
    const { n, segments } = problem(launch)
    return 4 * (n + segments)
  },
}

const clearFirst = defineWgsl<Attributes>({
  ...common,
  groups: (launch) => Math.ceil(problem(launch).segments / INVOCATIONS),
  buffers: [...BUFFERS, { name: 'links', access: 'write', dtype: 'int32' }],
  text: ({ p, store }) => ({
    workgroupSize: INVOCATIONS,
    body: `  let segment = group * ${INVOCATIONS} + lid;
  if (segment < ${p('segments')}) { ${store('links', 'segment', p('n'))} }`,
  }),
})

const four = 'vec4<i32>(tile[4 * t], tile[4 * t + 1], tile[4 * t + 2], tile[4 * t + 3])'

const linkSlices = defineWgsl<Attributes>({
  ...common,
  groups: (launch) => Math.ceil(problem(launch).n / INVOCATIONS),
  buffers: [...BUFFERS, { name: 'links', access: 'write', dtype: 'int32' }],
  text: ({ p, load, store }) => ({
    workgroupSize: INVOCATIONS,
    declarations: `var<workgroup> tile: array<i32, ${INVOCATIONS}>;\n`,
    body: `  let slice = group * ${INVOCATIONS} + lid;
  // No slice: an id that is none of the tile's fillers either.
  var id = -2;
  if (slice < ${p('n')}) { id = ${load('ids', 'slice')}; }
  let same = vec4<i32>(id);
  var next = ${p('n')};
  var isFirst = id >= 0 && id < ${p('segments')};
  for (var start = 0; start < ${p('n')}; start += ${INVOCATIONS}) {
    var other = -1;
    if (start + lid < ${p('n')}) { other = ${load('ids', 'start + lid')}; }
    tile[lid] = other;
    workgroupBarrier();
    let mine = group * ${INVOCATIONS};
    if (start < mine) {
      for (var t = 0; t < ${INVOCATIONS / 4}; t++) { isFirst = isFirst && !any(${four} == same); }
    } else {
      for (var t = 0; t < ${INVOCATIONS / 4}; t++) {
        let equal = ${four} == same;
        if (any(equal)) {
          for (var i = 0; i < 4; i++) {
            let there = start + t * 4 + i;
            isFirst = isFirst && !(equal[i] && there < slice);
            if (equal[i] && there > slice && next == ${p('n')}) { next = there; }
          }
        }
      }
    }
    workgroupBarrier();
  }
  if (slice < ${p('n')}) {
    if (isFirst) { ${store('links', 'id', 'slice')} }
    ${store('links', `${p('segments')} + slice`, 'next')}
  }`,
  }),
})

const walkChains = defineWgsl<Attributes>({
  ...common,
  variant: (launch) => `${problem(launch).wide}`,
  groups: (launch) => Math.ceil(problem(launch).size / INVOCATIONS),
  buffers: [...BUFFERS, { name: 'links', access: 'read', dtype: 'int32' }],
  vectors: (launch) => (problem(launch).wide === 4 ? ['x', 'y'] : []),
  text({ p, load, load4, store, store4, variant, inputs }) {
    const four = variant === '4'
    const zero = four ? 'vec4<f32>(0.0)' : `${computeTypeOf(inputs[0]?.dtype as ScalarDType)}(0)`
    const from = `(outer * ${p('n')} + slice) * ${p('inner')} + i`
    return {
      workgroupSize: INVOCATIONS,
      body: `  let e = group * ${INVOCATIONS} + lid;
  if (e < ${p('size')}) {
    let row = e / ${p('pieces')};
    let i = (e % ${p('pieces')}) * ${variant};
    let outer = row / ${p('segments')};
    var sum = ${zero};
    var slice = ${load('links', `row % ${p('segments')}`)};
    while (slice < ${p('n')}) {
      let next = ${load('links', `${p('segments')} + slice`)};
      sum += ${four ? load4('x', from) : load('x', from)};
      slice = next;
    }
    ${four ? store4('y', 'e * 4', 'sum') : store('y', 'e', 'sum')}
  }`,
    }
  },
})

export const segmentSumPasses: readonly { readonly name: string; readonly source: WgslSource<Attributes> }[] = [
  { name: 'segmentSumClear', source: clearFirst },
  { name: 'segmentSumLink', source: linkSlices },
  { name: 'segmentSum', source: walkChains },
]
