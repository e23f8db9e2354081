import type { KernelLaunch, KernelOperand } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'
import { defineWgsl } from '../wgsl/wgsl-source.js'

/** Independent chains an invocation: enough, with other subgroups' beside, to hide the latency of a multiply-add. */
const CHAINS = 8
const INVOCATIONS = 256
/** Floating-point operations of one round, an element of the buffer. */
export const GPU_FMA_PROBE_FLOPS = CHAINS * 2

const elementsOf = ({ inputs }: KernelLaunch): number => sizeOf((inputs[0] as KernelOperand).view.shape)

/** As `fma-probe.kernel.ts`: chains of multiply-adds in registers, one invocation an element of the buffer. */
export default defineWgsl<{ readonly rounds: number }>({
  paramNames: ['rounds', 'elements'],
  params: (launch) => [launch.attributes.rounds, elementsOf(launch)],
  groups: (launch) => Math.ceil(elementsOf(launch) / INVOCATIONS),
  buffers: [
    { name: 'start', access: 'read' },
    { name: 'sink', access: 'write' },
  ],
  text({ p, load, store }) {
    const chains = [...Array(CHAINS).keys()]
    return {
      workgroupSize: INVOCATIONS,
      body: `  let at = group * ${INVOCATIONS} + lid;
  if (at < ${p('elements')}) {
    let x = ${load('start', 'at')};
${chains.map((i) => `    var sum${i}: f32 = ${i / CHAINS};`).join('\n')}
    for (var round = 0; round < ${p('rounds')}; round++) {
${chains.map((i) => `      sum${i} = fma(sum${i}, x, x);`).join('\n')}
    }
    ${store('sink', 'at', chains.map((i) => `sum${i}`).join(' + '))}
  }`,
    }
  },
})
