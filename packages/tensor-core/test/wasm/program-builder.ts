import type { Backend, BufferHandle } from '../../src/backends/backend.js'
import { byteLengthOf, type DType, type ScalarDType } from '../../src/dtype.js'
import type { Launch, Program, Slot } from '../../src/schedule/program.js'
import { bytesOf, runReference, valuesOf } from '../codegen/reference-launch.js'

/** Puts a program together by hand: slots get their life spans from the launches that touch them. */
export function programOf(
  slots: readonly { dtype: DType; size: number; bound: boolean }[],
  launches: readonly Launch[],
): Program {
  const touched = launches.map((launch) =>
    launch.kind === 'reduce' ? [...launch.inputs, launch.output] : [...launch.inputs, ...launch.outputs],
  )
  return {
    key: 'by hand',
    launches,
    slots: slots.map(({ dtype, size, bound }, slot): Slot => {
      const uses = touched.flatMap((operands, at) => (operands.some((operand) => operand.slot === slot) ? [at] : []))
      return { dtype, size, role: bound ? 'bound' : 'temporary', first: uses[0] ?? 0, last: uses[uses.length - 1] ?? 0 }
    }),
  }
}

/** Buffers for a program's bound slots, filled with values. */
export function bind(backend: Backend, program: Program, values: readonly Float64Array[]): BufferHandle[] {
  return program.slots.flatMap((slot, i) => {
    if (slot.role !== 'bound') return []
    const buffer = backend.alloc(byteLengthOf(slot.dtype, slot.size))
    backend.write(buffer, bytesOf(slot.dtype as ScalarDType, values[i] as Float64Array))
    return [buffer]
  })
}

export async function readBound(
  backend: Backend,
  program: Program,
  buffers: readonly BufferHandle[],
): Promise<Float64Array[]> {
  const bound = program.slots.filter((slot) => slot.role === 'bound')
  return Promise.all(
    bound.map(async (slot, i) => {
      const buffer = buffers[i] as BufferHandle
      return valuesOf(slot.dtype as ScalarDType, await backend.read(buffer, 0, buffer.byteLength))
    }),
  )
}

/** Loads, runs once, reads every bound slot and leaves nothing behind. */
export async function runOnce(
  backend: Backend,
  program: Program,
  values: readonly Float64Array[],
): Promise<Float64Array[]> {
  const executable = await backend.load(program)
  const buffers = bind(backend, program, values)
  await backend.run(executable, buffers)
  const result = await readBound(backend, program, buffers)
  buffers.forEach((buffer) => {
    backend.free(buffer)
  })
  backend.unload(executable)
  return result
}

/** What the bound slots hold after the program, by the naive meaning of its launches. */
export function interpret(program: Program, values: readonly Float64Array[]): Float64Array[] {
  const slots = program.slots.map((slot, i) =>
    slot.role === 'bound' ? (values[i] as Float64Array).slice() : new Float64Array(slot.size),
  )
  for (const launch of program.launches) runReference(launch, slots)
  return slots.filter((_, i) => program.slots[i]?.role === 'bound')
}
