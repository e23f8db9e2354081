import { planReduce } from '../../../codegen/plan-reduce.js'
import { reduceTask } from '../../../codegen/reduce-kernel.js'
import { ownInputs } from '../../../schedule/epilogue.js'
import type { ReduceLaunch } from '../../../schedule/program.js'
import { sizeOf } from '../../../shape.js'
import type { WgslBuffer } from '../../../wgsl/wgsl-source.js'
import type { GpuReducePass } from '../gpu-overrides.js'
import { WEBGPU_TARGET } from '../kernel-cache.js'
import { reduceWgsl } from './reduce.wgsl.js'
import { elementCode, extraInputs, finishCode } from './reduce-code.js'
import { type ReduceShape, reduceShape } from './reduce-shape.js'

/** The shaders of a reduction: one, or partial results and their join; null leaves it to the naive kernel. */
export function reduceSources(launch: ReduceLaunch): readonly GpuReducePass[] | null {
  const task = reduceTask(launch)
  const plan = planReduce(task, WEBGPU_TARGET)
  const shape = reduceShape(task, plan)
  if (!shape) return null
  const [outputs, elements] = [sizeOf(plan.outer.extents), sizeOf(plan.inner.extents)]
  const [element, finish] = [elementCode(task, plan), finishCode(task, plan)]
  const own = ownInputs(launch)
  const extra = extraInputs(task)
  const inputBuffers = own.map((_, i): WgslBuffer => ({ name: `in${i}`, access: 'read' }))
  const extraBuffers = extra.map((_, i): WgslBuffer => ({ name: `extra${i}`, access: 'read' }))
  const y: WgslBuffer = { name: 'y', access: 'write' }
  const ends = { attributes: undefined, outputs: [launch.output] }
  const common = { task, outputs, workspaceBytes: 4 * outputs * shape.chunks }
  const name = `${launch.combine}:${launch.label}`
  if (shape.chunks === 1) {
    const buffers = [...inputBuffers, ...extraBuffers, y]
    const source = reduceWgsl({ ...common, shape, element, finish, buffers, elements })
    return [{ name, source, operands: { ...ends, inputs: [...own, ...extra] } }]
  }
  const joined: ReduceShape = { order: 'row', outputs: 16, chunks: 1, perChunk: shape.chunks }
  const first = reduceWgsl({ ...common, shape, element, finish: null, buffers: [...inputBuffers, y], elements })
  const second = reduceWgsl({
    ...common,
    shape: joined,
    element: null,
    finish,
    buffers: [...extraBuffers, y],
    elements: shape.chunks,
  })
  return [
    { name, source: first, operands: { ...ends, inputs: own } },
    { name, source: second, operands: { ...ends, inputs: extra } },
  ]
}
