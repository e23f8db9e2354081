import type { Program } from '../../schedule/program.js'
import type { GpuTimer } from './gpu-timer.js'
import type { LoadedVariant } from './loaded-program.js'
import type { Step, StepBuffer } from './prepare-program.js'
import type { TemporaryArena } from './temporary-arena.js'

/** Submits a program over its bound buffers: all of its dispatches at once. */
export type Submit = (program: Program, variant: LoadedVariant, bound: readonly GPUBuffer[]) => void

/** While `timer` is on, every dispatch is a pass of its own and writes its times. */
export function createSubmit(device: GPUDevice, arena: TemporaryArena, timer: GpuTimer | undefined): Submit {
  const bindGroup = (variant: LoadedVariant, at: number, step: Step, bound: readonly GPUBuffer[]): GPUBindGroup => {
    const used = step.buffers.map(({ buffer }) => gpuBuffer(buffer, bound))
    const last = variant.groups[at]
    if (last?.buffers.every((buffer, i) => buffer === used[i])) return last.group
    const params = { buffer: variant.params as GPUBuffer, offset: step.paramsOffset, size: step.paramsBytes }
    const group = device.createBindGroup({
      label: step.label,
      layout: step.kernel.layout,
      entries: [
        { binding: 0, resource: params },
        ...step.buffers.map(({ offset, bytes }, i) => ({
          binding: i + 1,
          resource: { buffer: used[i] as GPUBuffer, offset, size: bytes },
        })),
      ],
    })
    variant.groups[at] = { buffers: used, group }
    return group
  }
  const gpuBuffer = (buffer: StepBuffer, bound: readonly GPUBuffer[]): GPUBuffer =>
    'bound' in buffer ? (bound[buffer.bound] as GPUBuffer) : arena.block(buffer.block)

  return (program, variant, bound) => {
    const times = timer?.begin(program, variant.steps)
    const encoder = device.createCommandEncoder({ label: 'program' })
    let pass: GPUComputePassEncoder | null = null
    for (const [at, step] of variant.steps.entries()) {
      if (step.copies.length > 0) {
        pass?.end()
        pass = null
        for (const { source, sourceOffset, target, targetOffset, bytes } of step.copies) {
          encoder.copyBufferToBuffer(
            gpuBuffer(source, bound),
            sourceOffset,
            gpuBuffer(target, bound),
            targetOffset,
            bytes,
          )
        }
      }
      pass ??= encoder.beginComputePass(times ? { label: step.label, timestampWrites: times.writes(at) } : undefined)
      pass.setPipeline(step.kernel.pipeline)
      pass.setBindGroup(0, bindGroup(variant, at, step, bound))
      pass.dispatchWorkgroups(...step.groups)
      if (!times) continue
      pass.end()
      pass = null
    }
    pass?.end()
    times?.resolve(encoder)
    const commands = encoder.finish()
    if (times) times.submit(() => device.queue.submit([commands]))
    else device.queue.submit([commands])
  }
}
