import type { KernelLaunch, KernelOperand } from '../ops/op-record.js'
import { sizeOf } from '../shape.js'
import { reduceWorkgroup } from '../wgsl/reduce-workgroup.js'
import { defineWgsl } from '../wgsl/wgsl-source.js'

const INVOCATIONS = 256
/** Vectors that an invocation has under way at a time. */
const UNROLL = 4
/** Elements that a workgroup reads in one turn. */
const TURN = INVOCATIONS * 4 * UNROLL
/** Workgroups: several for each core of any GPU. */
export const GPU_READ_PROBE_GROUPS = 2048

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
  groups: () => GPU_READ_PROBE_GROUPS,
  variant: (_, gpu) => `${gpu.subgroups}`,
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  vectors: () => ['x'],
  text({ p, load4, store, gpu }) {
    const sum = reduceWorkgroup('sum', INVOCATIONS, gpu)
    const parts = [...Array(UNROLL).keys()]
    return {
      workgroupSize: INVOCATIONS,
      usesSubgroups: gpu.subgroups,
      declarations: sum.declarations,
      body: `${parts.map((i) => `  var part${i} = vec4<f32>(0.0);`).join('\n')}
  for (var round = 0; round < ${p('rounds')}; round++) {
    for (var turn = group * ${TURN}; turn < ${p('elements')}; turn += ${GPU_READ_PROBE_GROUPS * TURN}) {
${parts.map((i) => `      part${i} += ${load4('x', `turn + ${i * INVOCATIONS * 4} + lid * 4`)};`).join('\n')}
    }
  }
  let all = ${parts.map((i) => `part${i}`).join(' + ')};
${sum.statements('(all.x + all.y + all.z + all.w)', 'total')}
  if (lid == 0) { ${store('y', 'group', 'total')} }`,
    }
  },
})
