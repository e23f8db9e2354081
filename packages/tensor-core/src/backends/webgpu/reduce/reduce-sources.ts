import type { SourceLaunch } from '../../../codegen/op-kernel.js'
import { planReduce, type ReducePlan, type ReduceTask, rowMajor } from '../../../codegen/plan-reduce.js'
import { reduceTask } from '../../../codegen/reduce-kernel.js'
import { isInteger, type ScalarDType } from '../../../dtype.js'
import { ownInputs } from '../../../schedule/epilogue.js'
import type { ReduceLaunch } from '../../../schedule/program.js'
import { sizeOf } from '../../../shape.js'
import type { View } from '../../../view.js'
import type { WgslBuffer, WgslSource } from '../../../wgsl/wgsl-source.js'
import { WEBGPU_TARGET } from '../gpu-target.js'
import { reduceWgsl } from './reduce.wgsl.js'
import { elementCode, extraInputs, finishCode } from './reduce-code.js'
import { reduceShape } from './reduce-shape.js'

/** One pass of a reduction by workgroups. */
export interface GpuReducePass {
  /** For listings. Sources of one variant and dtypes are one shader, whatever their names. */
  readonly name: string
  readonly source: WgslSource
  /** Its inputs and outputs, in the order of the source's buffers. */
  readonly operands: SourceLaunch
}

const WIDE = { f32: 'float32', i32: 'int32', u32: 'uint32', bool: 'int32' } as const

/**
 * What the results of parts are kept in: the output's dtype where that loses nothing, so that they are what a whole
 * reduction stores. Of the elements themselves one is the maximum, and sums of integers count modulo their width.
 */
function partDType(
  { combine, epilogue }: ReduceLaunch,
  { expression, inputs, output, accumulator }: ReduceTask,
): ScalarDType {
  const plain = expression.kind === 'input' && inputs[0]?.dtype === output.dtype && output.dtype !== 'bool' && !epilogue
  return plain && (combine !== 'sum' || isInteger(output.dtype)) ? output.dtype : WIDE[accumulator]
}

/**
 * The shaders of a reduction: one, or one of parts into the workspace and one of those, which are reductions like any other;
 * none where there is no output.
 */
export function reduceSources(launch: ReduceLaunch): readonly GpuReducePass[] {
  const task = reduceTask(launch)
  const plan = planReduce(task, WEBGPU_TARGET)
  const [outputs, elements] = [sizeOf(plan.outer.extents), sizeOf(plan.inner.extents)]
  if (outputs === 0) return []
  const shape = reduceShape(task, plan)
  const own = ownInputs(launch)
  const extra = extraInputs(task)
  const inputBuffers = own.map((_, i): WgslBuffer => ({ name: `in${i}`, access: 'read' }))
  const extraBuffers = extra.map((_, i): WgslBuffer => ({ name: `extra${i}`, access: 'read' }))
  const y: WgslBuffer = { name: 'y', access: 'write' }
  const ends = { attributes: undefined, outputs: [launch.output] }
  const name = `${launch.combine}:${launch.label}`
  if (shape.chunks === 1) {
    const buffers = [...inputBuffers, ...extraBuffers, y]
    const [element, finish] = [elementCode(task, plan), finishCode(task, plan)]
    const source = reduceWgsl({ task, shape, element, finish, buffers, outputs, elements })
    return [{ name, source, operands: { ...ends, inputs: [...own, ...extra] } }]
  }
  const { chunks } = shape
  const dtype = partDType(launch, task)
  const { extents, strides } = plan.outer
  const partials: View = {
    shape: [...extents, chunks],
    strides: rowMajor([...extents, chunks], 1),
    offset: 0,
  }
  const workspaceBytes = 4 * outputs * chunks
  const parts: ReduceTask = {
    ...task,
    output: { binding: 'workspace', dtype, view: partials },
    finishes: null,
  }
  const partsPlan: ReducePlan = {
    ...plan,
    outer: { ...plan.outer, strides: [...strides.slice(0, own.length), partials.strides.slice(0, -1)] },
  }
  const join: ReduceTask = {
    ...task,
    shape: partials.shape,
    reduced: 1,
    inputs: [{ binding: 'workspace', dtype, view: partials }],
    expression: { kind: 'input', index: 0, dtype },
    output: {
      ...task.output,
      view: { shape: extents, strides: strides[own.length] as readonly number[], offset: task.output.view.offset },
    },
  }
  const joinPlan = planReduce(join, WEBGPU_TARGET)
  const first = reduceWgsl({
    task: parts,
    shape,
    element: elementCode(parts, partsPlan),
    finish: finishCode(parts, partsPlan),
    buffers: [...inputBuffers, { ...y, name: 'result', unused: true }, { ...y, dtype }],
    outputs,
    elements,
    workspaceBytes,
  })
  const second = reduceWgsl({
    task: join,
    shape: { span: 16, least: 1, chunks: 1, perChunk: chunks },
    element: elementCode(join, joinPlan),
    finish: finishCode(join, joinPlan),
    buffers: [...extraBuffers, y, { name: 'in0', access: 'read', dtype }],
    outputs,
    elements: chunks,
    workspaceBytes,
  })
  return [
    { name, source: first, operands: { ...ends, inputs: own } },
    { name, source: second, operands: { ...ends, inputs: extra } },
  ]
}
