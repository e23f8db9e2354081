import type { KernelLaunch, KernelOperand } from '@almanac/tensor-core'
import { defineWgsl } from '@almanac/tensor-core/wgsl'

const INVOCATIONS = 256

function extentsOf({ inputs }: KernelLaunch<{ readonly interleaved: boolean }>) {
  const [x, cos] = inputs as [KernelOperand, KernelOperand]
  const [batch, time, heads, channels] = x.view.shape as [number, number, number, number]
  const half = channels / 2
  const angleRows = (cos.view.shape[0] as number) * time
  return { pairs: batch * time * heads * half, heads, angleRows, half }
}

/** An invocation a pair, so that neighbours read side by side. The naive version is `rope.kernel.ts`. */
export default defineWgsl({
  variant: ({ attributes }: KernelLaunch<{ readonly interleaved: boolean }>) =>
    attributes.interleaved ? 'interleaved' : 'halves',
  paramNames: ['pairs', 'heads', 'angleRows', 'half'],
  params: (launch) => Object.values(extentsOf(launch)),
  groups: (launch) => Math.ceil(extentsOf(launch).pairs / INVOCATIONS),
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'cos', access: 'read' },
    { name: 'sin', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  text({ p, load, store, variant }) {
    const [first, second] = variant === 'halves' ? ['i', `i + ${p('half')}`] : ['2 * i', '2 * i + 1']
    return {
      workgroupSize: INVOCATIONS,
      body: `  let pair = group * ${INVOCATIONS} + lid;
  if (pair >= ${p('pairs')}) { return; }
  let token = pair / ${p('half')};
  let i = pair - token * ${p('half')};
  let row = token * 2 * ${p('half')};
  let angle = ((token / ${p('heads')}) % ${p('angleRows')}) * ${p('half')} + i;
  let a = ${load('x', `row + ${first}`)};
  let b = ${load('x', `row + ${second}`)};
  let c = ${load('cos', 'angle')};
  let s = ${load('sin', 'angle')};
  ${store('y', `row + ${first}`, 'fma(-b, s, a * c)')}
  ${store('y', `row + ${second}`, 'fma(a, s, b * c)')}`,
    }
  },
})
