import type { Backend } from '../../src/backends/backend.js'
import { byteLengthOf } from '../../src/dtype.js'
import type { Program } from '../../src/schedule/program.js'

export type Bytes = ArrayBufferView

/** Loads and runs a program once over fresh buffers; `contents`: one an array for each bound slot. Returns all of them after it. */
export async function runProgram(
  backend: Backend,
  program: Program,
  contents: readonly Bytes[],
): Promise<Uint8Array[]> {
  const bound = program.slots.filter((slot) => slot.role === 'bound')
  const buffers = bound.map((slot) => backend.alloc(byteLengthOf(slot.dtype, slot.size)))
  contents.forEach((bytes, i) => {
    const buffer = buffers[i]
    if (buffer) backend.write(buffer, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  })
  const executable = await backend.load(program)
  await backend.run(executable, buffers)
  const results: Uint8Array[] = []
  for (const buffer of buffers) results.push(await backend.read(buffer, 0, buffer.byteLength))
  backend.unload(executable)
  for (const buffer of buffers) backend.free(buffer)
  return results
}

export const floats = (bytes: Uint8Array | undefined): Float32Array =>
  new Float32Array((bytes as Uint8Array).slice().buffer)
export const ints = (bytes: Uint8Array | undefined): Int32Array => new Int32Array((bytes as Uint8Array).slice().buffer)
export const shorts = (bytes: Uint8Array | undefined): Uint16Array =>
  new Uint16Array((bytes as Uint8Array).slice().buffer)
