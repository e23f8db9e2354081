import type { KernelLaunch, KernelOperand } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'
import { defineWgsl } from '../wgsl/wgsl-source.js'

const INVOCATIONS = 256
/** Several for each core of any GPU. */
const GROUPS = 1024
/** Vectors that an invocation has under way at a time. */
const UNROLL = 4
/** Elements that a workgroup reads in one turn. */
const TURN = INVOCATIONS * 4 * UNROLL
/** Elements that it writes, one an invocation. */
export const GPU_READ_PROBE_SUMS = GROUPS * INVOCATIONS

/**
 * As `read-probe.kernel.ts`: reads a float32 buffer from end to end, `rounds` times. Its elements are a multiple of what all
 * workgroups read in a turn.
 */
export default defineWgsl<{ readonly rounds: number }>({
  paramNames: ['rounds', 'elements'],
  params: (launch: KernelLaunch<{ readonly rounds: number }>) => [
    launch.attributes.rounds,
    sizeOf((launch.inputs[0] as KernelOperand).view.shape),
  ],
  groups: () => GROUPS,
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  vectors: () => ['x'],
  text({ p, load4, store }) {
    const parts = [...Array(UNROLL).keys()]
    return {
      workgroupSize: INVOCATIONS,
      body: `${parts.map((i) => `  var part${i} = vec4<f32>(0.0);`).join('\n')}
  for (var round = 0; round < ${p('rounds')}; round++) {
    for (var turn = group * ${TURN}; turn < ${p('elements')}; turn += ${GROUPS * TURN}) {
${parts.map((i) => `      part${i} += ${load4('x', `turn + ${i * INVOCATIONS * 4} + lid * 4`)};`).join('\n')}
    }
  }
  let all = ${parts.map((i) => `part${i}`).join(' + ')};
  ${store('y', `group * ${INVOCATIONS} + lid`, 'all.x + all.y + all.z + all.w')}`,
    }
  },
})
