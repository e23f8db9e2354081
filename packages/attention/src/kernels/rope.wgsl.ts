import type { KernelLaunch, KernelOperand } from '@almanac/tensor-core'
import { defineWgsl } from '@almanac/tensor-core/wgsl'

const INVOCATIONS = 256

function extentsOf({ inputs }: KernelLaunch<{ readonly interleaved: boolean }>) {
  const [x, cos] = inputs as [KernelOperand, KernelOperand]
  const [batch, time, heads, channels] = x.view.shape as [number, number, number, number]
  const half = cos.view.shape[3] as number
  const angleRows = (cos.view.shape[0] as number) * time
  // A pair, or one of the channels that stay as they are.
  const pieces = channels - half
  return { count: batch * time * heads * pieces, heads, angleRows, half, channels, pieces }
}

/** An invocation a pair or a channel behind the pairs, so that neighbours read side by side. The naive version is `rope.kernel.ts`. */
export default defineWgsl({
  variant: ({ attributes }: KernelLaunch<{ readonly interleaved: boolean }>) =>
    attributes.interleaved ? 'interleaved' : 'halves',
  paramNames: ['count', 'heads', 'angleRows', 'half', 'channels', 'pieces'],
  params: (launch) => Object.values(extentsOf(launch)),
  groups: (launch) => Math.ceil(extentsOf(launch).count / INVOCATIONS),
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
      body: `  let piece = group * ${INVOCATIONS} + lid;
  if (piece >= ${p('count')}) { return; }
  let token = piece / ${p('pieces')};
  let i = piece - token * ${p('pieces')};
  let row = token * ${p('channels')};
  if (i >= ${p('half')}) {
    let at = row + ${p('half')} + i;
    ${store('y', 'at', load('x', 'at'))}
    return;
  }
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
