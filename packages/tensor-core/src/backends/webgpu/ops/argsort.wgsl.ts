import { computeTypeOf, type ScalarDType } from '../../../dtype.js'
import type { KernelLaunch, KernelOperand } from '../../../ops/op-record.js'
import { sizeOf } from '../../../shape.js'
import { orderKey } from '../../../wgsl/order-key.js'
import { defineWgsl, type WgslBuffer, type WgslContext, type WgslSource } from '../../../wgsl/wgsl-source.js'

type Attributes = { readonly descending: boolean }

/*
 * A bitonic network (Batcher 1968) over pairs of key and index: no two are equal, so the order is the stable one. Rows are
 * padded to a power of two with pairs that come last. Steps within a block run in workgroup memory, all others one by one
 * over the workspace: for rows of 128,000, 36 dispatches. The naive version is the kernel of `ops/argsort.ts`.
 */

const INVOCATIONS = 256
/** Pairs of a block: 8 KiB of workgroup memory. */
const BLOCK = 1024
/** Elements up to which an invocation sorts a row alone. */
const SHORT_ROW = 32

function problem({ inputs: [x] }: Pick<KernelLaunch, 'inputs'>) {
  const { shape } = (x as KernelOperand).view
  const n = shape.at(-1) ?? 1
  const rows = n === 0 ? 0 : sizeOf(shape) / n
  const padded = 2 ** Math.ceil(Math.log2(Math.max(2, n)))
  return { rows, n, padded, span: Math.min(BLOCK, padded), total: rows * padded }
}

const PARAMS = ['rows', 'n', 'padded', 'span', 'total', 'size', 'step', 'last', 'flip'] as const
type Context = WgslContext<(typeof PARAMS)[number], 'x' | 'order' | 'pairs'>

/** Statements that put the pairs at `a` and `b` in the order of a run of `size`. */
const exchange = (size: string, place: string, swap: string): string => `
        let up = (${place} & ${size}) == 0;
        let wrong = keyA > keyB || (keyA == keyB && indexA > indexB);
        if (wrong == up) { ${swap} }`

const DECLARATIONS = `var<workgroup> keys: array<i32, ${BLOCK}>;
var<workgroup> indices: array<i32, ${BLOCK}>;
// Every step of a merge of runs of \`size\`, from pairs so far apart on; \`base\`: the block's first place in a row of \`padded\`.
fn merge_runs(lid: i32, base: i32, padded: i32, size: i32, farthest: i32) {
  for (var step = farthest; step >= 1; step = step >> 1u) {
    for (var t = lid; t < ${BLOCK / 2}; t += ${INVOCATIONS}) {
      let a = 2 * step * (t / step) + t % step;
      let b = a + step;
      let keyA = keys[a];
      let keyB = keys[b];
      let indexA = indices[a];
      let indexB = indices[b];${exchange('size', '((base + a) % padded)', 'keys[a] = keyB; keys[b] = keyA; indices[a] = indexB; indices[b] = indexA;')}
    }
    workgroupBarrier();
  }
}
`

/** Runs `body` for the `BLOCK` pairs of a workgroup: `t` in the block, `at` among all, which stands at `place` of `row`. */
const forPairs = (p: Context['p'], body: string): string => `
  for (var t = lid; t < ${BLOCK}; t += ${INVOCATIONS}) {
    let at = group * ${BLOCK} + t;
    let row = at / ${p('padded')};
    let place = at % ${p('padded')};
    ${body}
  }`

const storeOrder = ({ p, store }: Context): string =>
  `if (row < ${p('rows')} && indices[t] < ${p('n')}) { ${store('order', `row * ${p('n')} + place`, 'indices[t]')} }`

const storePairs = ({ p, store }: Context): string =>
  `${store('pairs', 'at', 'keys[t]')} ${store('pairs', `${p('total')} + at`, 'indices[t]')}`

/** A pass for runs of `size`; `step`: how far apart its pairs are, where it is one step. */
function pass(kind: 'sort' | 'merge' | 'step', size: number, step: number, last: boolean): WgslSource<Attributes> {
  const single = kind === 'sort' && last
  const buffers: WgslBuffer<'x' | 'order' | 'pairs'>[] = [
    { name: 'x', access: 'read' },
    { name: 'order', access: 'write' },
  ]
  if (!single) buffers.push({ name: 'pairs', access: 'readwrite', dtype: 'int32' })
  return defineWgsl<Attributes, (typeof PARAMS)[number], 'x' | 'order' | 'pairs'>({
    variant: () => `${kind}|${single}`,
    paramNames: PARAMS,
    params(launch) {
      const { rows, n, padded, span, total } = problem(launch)
      const flip = launch.attributes.descending ? -1 : 0
      return [rows, n, padded, span, total, size, step, last ? 1 : 0, flip]
    },
    groups(launch) {
      const { total } = problem(launch)
      return kind === 'step' ? Math.ceil(total / 2 / INVOCATIONS) : Math.ceil(total / BLOCK)
    },
    ...(single ? {} : { workspace: (launch: KernelLaunch<Attributes>) => 8 * problem(launch).total }),
    buffers,
    text(context) {
      const { p, load, inputs } = context
      if (kind === 'step') return { workgroupSize: INVOCATIONS, body: oneStep(context) }
      const type = computeTypeOf(inputs[0]?.dtype as ScalarDType) as 'f32'
      const key = `order_key(${load('x', `row * ${p('n')} + place`)}, ${p('flip')})`
      const fill =
        kind === 'sort'
          ? `keys[t] = 2147483647;
    indices[t] = place;
    if (row < ${p('rows')} && place < ${p('n')}) { keys[t] = ${key}; }`
          : `keys[t] = ${load('pairs', 'at')};
    indices[t] = ${load('pairs', `${p('total')} + at`)};`
      const run =
        kind === 'sort'
          ? `for (var size = 2; size <= ${p('span')}; size *= 2) { merge_runs(lid, base, ${p('padded')}, size, size / 2); }`
          : `merge_runs(lid, base, ${p('padded')}, ${p('size')}, ${BLOCK / 2});`
      const write = single
        ? forPairs(p, storeOrder(context))
        : kind === 'sort'
          ? forPairs(p, storePairs(context))
          : `if (${p('last')} == 1) {${forPairs(p, storeOrder(context))}
  } else {${forPairs(p, storePairs(context))}
  }`
      return {
        workgroupSize: INVOCATIONS,
        declarations: orderKey(type, 'last') + DECLARATIONS,
        body: `${forPairs(p, fill)}
  workgroupBarrier();
  let base = (group * ${BLOCK}) % ${p('padded')};
  ${run}
  ${write}`,
      }
    },
  })
}

function oneStep({ p, load, store }: Context): string {
  const swap = [
    store('pairs', 'a', 'keyB'),
    store('pairs', 'b', 'keyA'),
    store('pairs', `${p('total')} + a`, 'indexB'),
    store('pairs', `${p('total')} + b`, 'indexA'),
  ].join(' ')
  return `  let t = group * ${INVOCATIONS} + lid;
  if (t < ${p('total')} / 2) {
      let a = 2 * ${p('step')} * (t / ${p('step')}) + t % ${p('step')};
      let b = a + ${p('step')};
      let keyA = ${load('pairs', 'a')};
      let keyB = ${load('pairs', 'b')};
      let indexA = ${load('pairs', `${p('total')} + a`)};
      let indexB = ${load('pairs', `${p('total')} + b`)};${exchange(p('size'), `(a % ${p('padded')})`, swap)}
  }`
}

/** The passes of a sort; null where an invocation a row is good enough. */
export function argsortPasses(launch: Pick<KernelLaunch, 'inputs'>): readonly WgslSource<Attributes>[] | null {
  const { n, padded, span } = problem(launch)
  if (n <= SHORT_ROW) return null
  const passes = [pass('sort', span, 0, padded === span)]
  for (let size = 2 * span; size <= padded; size *= 2) {
    for (let step = size / 2; step >= BLOCK; step /= 2) passes.push(pass('step', size, step, false))
    passes.push(pass('merge', size, 0, size === padded))
  }
  return passes
}
