import type { SourceLaunch } from '../../../codegen/op-kernel.js'
import { planReduce } from '../../../codegen/plan-reduce.js'
import { reduceTask } from '../../../codegen/reduce-kernel.js'
import { ownInputs } from '../../../schedule/epilogue.js'
import type { ReduceLaunch } from '../../../schedule/program.js'
import { sizeOf } from '../../../shape.js'
import type { WgslBuffer, WgslSource } from '../../../wgsl/wgsl-source.js'
import { WEBGPU_TARGET } from '../kernel-cache.js'
import { reduceWgsl } from './reduce.wgsl.js'
import { elementCode, extraInputs, finishCode } from './reduce-code.js'
import { type ReduceShape, reduceShape } from './reduce-shape.js'

/** One pass of a reduction by workgroups. */
export interface GpuReducePass {
  /** For listings. Sources of one variant and dtypes are one shader, whatever their names. */
  readonly name: string
  readonly source: WgslSource
  /** Its inputs and outputs, in the order of the source's buffers. */
  readonly operands: SourceLaunch
}

/** The shaders of a reduction: one, or partial results and their join; none where there is no output. */
export function reduceSources(launch: ReduceLaunch): readonly GpuReducePass[] {
  const task = reduceTask(launch)
  const plan = planReduce(task, WEBGPU_TARGET)
  const [outputs, elements] = [sizeOf(plan.outer.extents), sizeOf(plan.inner.extents)]
  if (outputs === 0) return []
  const shape = reduceShape(task, plan)
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
  const joined: ReduceShape = { span: 16, least: 1, chunks: 1, perChunk: shape.chunks }
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
