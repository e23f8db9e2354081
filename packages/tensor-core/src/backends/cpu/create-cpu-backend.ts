import { MemoryLimitError } from '../../errors.js'
import { deviceBytes } from '../../realize/device-bytes.js'
import { peakMemory } from '../../schedule/peak-memory.js'
import type { Program } from '../../schedule/program.js'
import type { Backend, BufferHandle, Executable } from '../backend.js'
import { runLaunch } from './run-launch.js'

interface CpuBuffer extends BufferHandle {
  readonly bytes: Uint8Array
}

export interface CpuOptions {
  /** 'f64': every float dtype is stored and computed in double precision. It is a mode of the backend, not a dtype. */
  readonly precision?: 'f32' | 'f64'
}

const MAX_BUFFER_BYTES = 2 ** 31

/**
 * The readable specification: one element at a time, plain TypeScript, never optimised. It is the oracle of the conformance
 * suite and, in double precision, of the gradchecks. It runs every fused op through its fallback.
 */
export async function cpu(options: CpuOptions = {}): Promise<Backend> {
  const floatBytes = options.precision === 'f64' ? 8 : 4
  const live = new Set<CpuBuffer>()
  const programs = new Set<Executable>()
  return {
    name: 'cpu',
    limits: { maxBufferBytes: MAX_BUFFER_BYTES, floatBytes },
    supports: () => false,
    alloc(byteLength) {
      if (byteLength > MAX_BUFFER_BYTES) {
        throw new MemoryLimitError(
          'alloc',
          `at most ${MAX_BUFFER_BYTES} bytes a buffer`,
          `${byteLength}`,
          'Use a smaller batch.',
        )
      }
      const buffer: CpuBuffer = { byteLength, bytes: new Uint8Array(byteLength) }
      live.add(buffer)
      return buffer
    },
    free(buffer) {
      live.delete(buffer as CpuBuffer)
    },
    write(buffer, bytes, byteOffset = 0) {
      ;(buffer as CpuBuffer).bytes.set(bytes, byteOffset)
    },
    async read(buffer, byteOffset, byteLength) {
      return (buffer as CpuBuffer).bytes.slice(byteOffset, byteOffset + byteLength)
    },
    async load(program: Program): Promise<Executable> {
      const temporaryBytes = program.slots
        .filter((slot) => slot.role === 'temporary')
        .reduce((total, slot) => total + deviceBytes(slot.dtype, slot.size, floatBytes), 0)
      const { bytes } = peakMemory(program, { bytesOf: (dtype, size) => deviceBytes(dtype, size, floatBytes) })
      const executable = { program, temporaryBytes, peakBytes: bytes }
      programs.add(executable)
      return executable
    },
    unload(executable) {
      programs.delete(executable)
    },
    async run({ program }, bindings) {
      let bound = 0
      const slots = program.slots.map((slot) =>
        slot.role === 'bound'
          ? (bindings[bound++] as CpuBuffer).bytes
          : new Uint8Array(deviceBytes(slot.dtype, slot.size, floatBytes)),
      )
      for (const launch of program.launches) {
        try {
          runLaunch(launch, { slots, floatBytes })
        } catch (error) {
          throw new Error(`${launch.label}: ${(error as Error).message}`, { cause: error })
        }
      }
    },
    memory: () => ({
      liveBuffers: live.size,
      liveBytes: [...live].reduce((total, buffer) => total + buffer.byteLength, 0),
      arenaBytes: 0,
      peakBytes: Math.max(0, ...[...programs].map(({ peakBytes }) => peakBytes)),
      kernelsCompiled: 0,
    }),
    async close() {
      live.clear()
      programs.clear()
    },
  }
}
