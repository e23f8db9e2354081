import { printPass } from '../../codegen/print-pass.js'
import { BackendError, MemoryLimitError } from '../../errors.js'
import type { FusedDefinition } from '../../fused/fused-definition.js'
import type { KernelSource } from '../../ops/op-record.js'
import type { Program } from '../../schedule/program.js'
import type { Backend, BufferHandle, Executable } from '../backend.js'
import { describeWasm } from './describe-wasm.js'
import { detectFeatures } from './feature-detect.js'
import { createKernelCache, WASM_TARGET } from './kernel-cache.js'
import { type KernelOverrides, kernelOverrides } from './kernel-overrides.js'
import { type LoadedProgram, placeProgram } from './loaded-program.js'
import { type LoweredProgram, lowerProgram } from './lower-program.js'
import { createMemory } from './memory.js'
import { createProgramTimer } from './program-timer.js'
import { createSoloRunner } from './run-alone.js'
import { createSharedArena } from './shared-arena.js'
import { type SpawnWorker, workerSpawner } from './spawn-worker.js'
import { threadCount } from './thread-count.js'
import { createThreadPool } from './thread-pool.js'

export interface WasmOptions {
  /** Threads that compute, this one included. Default: the processors, 8 at most; 1 where memory cannot be shared. */
  readonly threads?: number
  /** The most memory that is ever held, in bytes. Default: 4 GiB, or what the engine grants of it. */
  readonly memoryMaximumBytes?: number
  /** Where a content policy forbids workers made of text: a URL that serves `workerSource`. */
  readonly workerUrl?: string
}

/** Parts that tests replace. */
export interface WasmParts {
  readonly spawn?: SpawnWorker
  readonly overrides?: KernelOverrides
}

interface WasmBuffer extends BufferHandle {
  readonly address: number
}

const MOST_BYTES = 2 ** 32
const FREE_HINT = 'Use a smaller batch, dispose tensors that are not needed, or raise memoryMaximumBytes.'

/** The backend over kernels that are emitted at run time. Throws BackendError where the engine lacks what it needs. */
export async function createWasmBackend(options: WasmOptions = {}, parts: WasmParts = {}): Promise<Backend> {
  const features = await detectFeatures()
  const threads = threadCount(options.threads, features)
  const memory = createMemory(threads > 1, options.memoryMaximumBytes ?? MOST_BYTES)
  const runner =
    threads > 1
      ? await createThreadPool(memory, threads, features.canBlock, parts.spawn ?? workerSpawner(options.workerUrl))
      : createSoloRunner(memory)
  const kernels = createKernelCache(runner, {
    sharedMemory: memory.shared,
    maximumPages: memory.maximumPages,
    relaxedSimd: features.relaxedSimd,
  })
  const { allocator } = memory
  const arena = createSharedArena(allocator)
  const timer = createProgramTimer(runner, memory)
  const buffers = new Set<BufferHandle>()
  const programs = new Set<Executable>()
  const fusedModules = new WeakMap<FusedDefinition, readonly KernelSource[]>()
  let closed = false

  const open = (where: string): void => {
    if (closed) throw new BackendError(where, 'an open backend', 'one that was closed', 'Open a new one.')
  }
  const ofUs = (where: string, buffer: BufferHandle): WasmBuffer => {
    open(where)
    if (buffers.has(buffer)) return buffer as WasmBuffer
    throw new BackendError(where, 'a live buffer of this backend', 'one that was freed or made elsewhere')
  }
  const within = (where: string, buffer: WasmBuffer, offset: number, length: number): void => {
    if (offset >= 0 && length >= 0 && offset + length <= buffer.byteLength) return
    throw new BackendError(where, `a range within ${buffer.byteLength} bytes`, `${offset} to ${offset + length}`)
  }
  const noRoom = (where: string, bytes: number): MemoryLimitError =>
    new MemoryLimitError(
      where,
      `at most ${allocator.largestFree()} bytes (the largest free piece)`,
      `${bytes} bytes`,
      FREE_HINT,
    )

  const loadFused = async (program: Program): Promise<void> => {
    for (const launch of program.launches) {
      if (launch.kind !== 'fused' || fusedModules.has(launch.definition)) continue
      const { name, kernels: sources } = launch.definition
      if (!sources.wasm) throw new BackendError(`wasm: ${name}`, 'a fused op with a wasm kernel', 'one without')
      const loaded = (await sources.wasm()).default
      fusedModules.set(launch.definition, Array.isArray(loaded) ? loaded : [loaded as KernelSource])
    }
  }

  const lower = async (program: Program): Promise<LoweredProgram> => {
    await loadFused(program)
    return lowerProgram(program, {
      workers: threads,
      features: { fusedMultiplyAdd: features.relaxedSimd },
      overrides: parts.overrides ?? kernelOverrides,
      fusedKernels: (launch) => fusedModules.get(launch.definition) as readonly KernelSource[],
    })
  }

  return {
    name: 'wasm',
    detail: describeWasm(threads, features),
    timer,
    limits: { maxBufferBytes: memory.maximumPages * 65_536, floatBytes: 4 },
    supports: (definition, inputs, attributes) =>
      definition.kernels.wasm !== undefined && (definition.supports?.(inputs, attributes) ?? true),
    alloc(byteLength) {
      open('wasm.alloc')
      const address = allocator.allocate(byteLength)
      if (address === null) throw noRoom('wasm.alloc', byteLength)
      const buffer: WasmBuffer = { byteLength, address }
      buffers.add(buffer)
      return buffer
    },
    free(buffer) {
      allocator.release(ofUs('wasm.free', buffer).address)
      buffers.delete(buffer)
    },
    write(buffer, bytes, byteOffset = 0) {
      const target = ofUs('wasm.write', buffer)
      within('wasm.write', target, byteOffset, bytes.length)
      memory.bytes(target.address + byteOffset, bytes.length).set(bytes)
    },
    async read(buffer, byteOffset, byteLength) {
      const source = ofUs('wasm.read', buffer)
      within('wasm.read', source, byteOffset, byteLength)
      const copy = new Uint8Array(byteLength)
      copy.set(memory.bytes(source.address + byteOffset, byteLength))
      return copy
    },
    async load(program) {
      open('wasm.load')
      const lowered = await lower(program)
      if (!arena.fits(lowered.arenaBytes, lowered.regionBytes)) {
        throw noRoom('wasm.load: temporaries of the program', lowered.arenaBytes + lowered.regionBytes)
      }
      const places = await kernels.compile(lowered.passes)
      const region = arena.add(lowered.arenaBytes) ? allocator.allocate(lowered.regionBytes) : null
      if (region === null) throw noRoom('wasm.load', lowered.arenaBytes + lowered.regionBytes)
      const loaded = placeProgram(program, lowered, places, memory, region)
      programs.add(loaded)
      return loaded
    },
    async print(program) {
      open('wasm.print')
      const { passes } = await lower(program)
      return program.launches.map((_, i) =>
        passes.filter(({ launch }) => launch === i).map((pass) => printPass(pass, WASM_TARGET)),
      )
    },
    unload(executable) {
      if (!programs.delete(executable)) return
      const { region, temporaryBytes } = executable as LoadedProgram
      allocator.release(region)
      arena.remove(temporaryBytes)
    },
    async run(executable, bindings) {
      open('wasm.run')
      if (!programs.has(executable)) throw new BackendError('wasm.run', 'a loaded program', 'one that was unloaded')
      const program = executable as LoadedProgram
      const { boundBytes } = program
      if (bindings.length !== boundBytes.length) {
        throw new BackendError('wasm.run', `${boundBytes.length} buffers`, String(bindings.length))
      }
      const addresses = bindings.map((buffer, slot) => {
        const { address, byteLength } = ofUs('wasm.run', buffer)
        const least = boundBytes[slot] as number
        if (byteLength >= least) return address
        throw new BackendError(`wasm.run: bound slot ${slot}`, `at least ${least} bytes`, String(byteLength))
      })
      program.patch(arena.base, addresses)
      await timer.run(program)
    },
    memory: () => ({
      liveBuffers: buffers.size,
      liveBytes: allocator.usedBytes,
      arenaBytes: arena.bytes,
      peakBytes: Math.max(0, ...[...programs].map(({ peakBytes }) => peakBytes)),
      kernelsCompiled: kernels.compiled,
    }),
    async close() {
      if (closed) return
      closed = true
      buffers.clear()
      programs.clear()
      await runner.close()
    },
  }
}
