import { printPass } from '../../codegen/print-pass.js'
import { byteLengthOf } from '../../dtype.js'
import { BackendError, DeviceLostError, MemoryLimitError, type TensorError } from '../../errors.js'
import type { Program } from '../../schedule/program.js'
import { sizeOf } from '../../shape.js'
import type { GpuTraits } from '../../wgsl/wgsl-source.js'
import type { Backend, BufferHandle } from '../backend.js'
import { fusedKernels } from './fused-kernels.js'
import { BUFFER_USAGE, wholeWords } from './gpu-constants.js'
import { WEBGPU_TARGET } from './gpu-target.js'
import { createGpuTimer } from './gpu-timer.js'
import { createGuard, typedError } from './guarded.js'
import { createKernelCache } from './kernel-cache.js'
import { aliasesOf, checkBindings, type LoadedProgram, type LoadedVariant } from './loaded-program.js'
import { lowerForGpu } from './lower-for-gpu.js'
import { openDevice, type WebGpuOptions } from './open-device.js'
import { prepareProgram } from './prepare-program.js'
import { createStagingPool } from './staging-pool.js'
import { createSubmit } from './submit-program.js'
import { createTemporaryArena } from './temporary-arena.js'
import { tuneKernels } from './tuning/tune-kernels.js'
import { TUNED_FAMILIES } from './tuning/tuned-families.js'
import { choicesOf, readTuning, tunedAdapter } from './tuning/tuning.js'
import { isWgsl } from './wgsl-pass.js'
import { createWriteBytes } from './write-bytes.js'

const families = TUNED_FAMILIES.map(({ family }) => family)

/** Programs submitted and not finished: more gives nothing, and lets memory and delays grow. */
const MAX_IN_FLIGHT = 2

interface WebGpuBuffer extends BufferHandle {
  readonly gpu: GPUBuffer
  /** Set when the device turns out to have had no memory for it. */
  refused?: MemoryLimitError
}

/**
 * WebGPU: the browser's, or Dawn in Node. Everything asynchronous is awaited; a program is one submit.
 * @throws BackendError if there is no WebGPU here
 */
export async function webgpu(options: WebGpuOptions = {}): Promise<Backend> {
  const tuning = readTuning(options.tuning, families)
  const { device, detail } = await openDevice(options)
  const {
    maxBufferSize: maxBufferBytes,
    maxStorageBufferBindingSize,
    maxStorageBuffersPerShaderStage: maxOperands,
  } = device.limits
  const maxBindingBytes = Math.min(
    options.maxBindingBytes ?? maxBufferBytes,
    maxStorageBufferBindingSize,
    maxBufferBytes,
  )
  const memoryLimit = options.memoryLimitBytes ?? Number.POSITIVE_INFINITY
  const adapter = tunedAdapter(device)
  const kernels = createKernelCache(device, choicesOf(tuning, adapter))
  const staging = createStagingPool(device)
  const arena = createTemporaryArena(device)
  const writeBytes = createWriteBytes(device)
  const buffers = new Set<WebGpuBuffer>()
  const programs = new Set<LoadedProgram>()
  const inFlight: Promise<unknown>[] = []
  let liveBytes = 0
  let paramBytes = 0
  let closed = false
  let loss: string | null = null
  let failure: TensorError | null = null

  const lost = device.lost.then(({ message, reason }) => {
    loss = `${reason}: ${message}`
    return loss
  })
  device.onuncapturederror = ({ error }) => {
    failure ??= typedError('webgpu', error)
  }

  /** Throws what went wrong since the last call: errors of calls that cannot wait surface at the next one, once. */
  const alive = (where: string): void => {
    if (closed) throw new BackendError(where, 'an open backend', 'one that was closed', 'Open a new one.')
    if (loss !== null) {
      const hint = 'Open the backend again and write what was on it anew.'
      throw new DeviceLostError(where, 'a live GPU device', `one that was lost (${loss})`, hint)
    }
    const error = failure
    failure = null
    if (error) throw error
  }
  const ofUs = (where: string, buffer: BufferHandle): WebGpuBuffer => {
    if (buffers.has(buffer as WebGpuBuffer)) return buffer as WebGpuBuffer
    throw new BackendError(where, 'a live buffer of this backend', 'one that was freed or made elsewhere')
  }
  const checkRange = (where: string, buffer: BufferHandle, offset: number, length: number): void => {
    if (offset >= 0 && length >= 0 && offset + length <= buffer.byteLength) return
    const range = `${offset} to ${offset + length}`
    throw new BackendError(where, `a range within ${buffer.byteLength} bytes`, range)
  }
  const checkMemory = (where: string, bytes: number): void => {
    const held = liveBytes + arena.heldBytes()
    if (held + bytes <= memoryLimit) return
    const got = `${bytes} more over ${held}`
    throw new MemoryLimitError(where, `at most ${memoryLimit} bytes held`, got, 'Free tensors or use a smaller batch.')
  }
  const guarded = createGuard(device, alive, lost)
  const timer = createGpuTimer(device)
  const submit = createSubmit(device, arena, timer)

  /** What went wrong with a buffer that there was no memory for is that, and not that it is invalid. */
  const withMemory = <T>(used: readonly BufferHandle[], work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw used.map((buffer) => (buffer as WebGpuBuffer).refused).find((refused) => refused !== undefined) ?? error
    })

  const loadVariant = async (loaded: LoadedProgram, aliases: readonly number[]): Promise<LoadedVariant> => {
    const signature = aliases.join(',')
    const existing = loaded.variants.get(signature)
    if (existing) return existing
    const prepared = await prepareProgram(
      device,
      kernels,
      loaded.traits,
      loaded.program,
      (launch) => loaded.fused.get(launch.definition) ?? [],
      aliases,
      maxBindingBytes,
    )
    const bytes = prepared.blocks.reduce((sum, size) => sum + size, 0)
    checkMemory('webgpu load', Math.max(0, bytes - arena.heldBytes()))
    await guarded('webgpu load', () => arena.require(prepared.blocks))
    paramBytes += prepared.params?.size ?? 0
    const variant = { ...prepared, groups: [] }
    loaded.variants.set(signature, variant)
    return variant
  }

  const loadWith = async (program: Program, traits: GpuTraits): Promise<LoadedProgram> => {
    alive('webgpu load')
    const fused = await fusedKernels(program)
    const variants = new Map<string, LoadedVariant>()
    const loaded = { program, temporaryBytes: 0, peakBytes: 0, fused, traits, variants }
    const variant = await loadVariant(
      loaded,
      program.slots.map((_, slot) => slot),
    )
    loaded.peakBytes = variant.peakBytes
    loaded.temporaryBytes = variant.blocks.reduce((sum, size) => sum + size, 0)
    programs.add(loaded)
    return loaded
  }

  const backend: Backend = {
    name: 'webgpu',
    detail,
    ...(timer && { timer }),
    limits: { maxBufferBytes, floatBytes: 4, maxOperands },

    // What is too large to be bound is split where it is made of maps, reductions and products: the fallback.
    supports: (definition, inputs, attributes) =>
      definition.kernels.webgpu !== undefined &&
      inputs.every(({ shape, dtype }) => byteLengthOf(dtype, sizeOf(shape)) <= maxBindingBytes) &&
      (definition.supports?.(inputs, attributes) ?? true),

    alloc(byteLength) {
      alive('webgpu alloc')
      const size = wholeWords(byteLength)
      if (size > maxBufferBytes) {
        throw new MemoryLimitError('webgpu alloc', `at most ${maxBufferBytes} bytes a buffer`, `${byteLength}`)
      }
      checkMemory('webgpu alloc', size)
      const usage = BUFFER_USAGE.storage | BUFFER_USAGE.copySource | BUFFER_USAGE.copyDestination
      device.pushErrorScope('out-of-memory')
      const buffer: WebGpuBuffer = { byteLength, gpu: device.createBuffer({ size, usage }) }
      // Told before the errors of whatever uses it, which comes later.
      device.popErrorScope().then(
        (error) => {
          if (error) buffer.refused = typedError('webgpu alloc', error) as MemoryLimitError
        },
        () => {},
      )
      buffers.add(buffer)
      liveBytes += size
      return buffer
    },

    lost,

    free(buffer) {
      const { gpu: gpuMemory } = ofUs('webgpu free', buffer)
      buffers.delete(buffer as WebGpuBuffer)
      liveBytes -= gpuMemory.size
      gpuMemory.destroy()
    },

    write(buffer, bytes, byteOffset = 0) {
      alive('webgpu write')
      checkRange('webgpu write', buffer, byteOffset, bytes.length)
      writeBytes(ofUs('webgpu write', buffer).gpu, buffer.byteLength, bytes, byteOffset)
    },

    async read(buffer, byteOffset, byteLength) {
      alive('webgpu read')
      checkRange('webgpu read', buffer, byteOffset, byteLength)
      const source = ofUs('webgpu read', buffer).gpu
      if (byteLength === 0) return new Uint8Array(0)
      return withMemory(
        [buffer],
        guarded('webgpu read', () => staging.read(source, byteOffset, byteLength)),
      )
    },

    load: (program) => loadWith(program, kernels.traits),

    async print(program) {
      alive('webgpu print')
      const fused = await fusedKernels(program)
      return program.launches.map((launch) =>
        lowerForGpu(launch, ({ definition }) => fused.get(definition) ?? [], kernels.traits).map((pass) =>
          isWgsl(pass) ? kernels.text(pass) : printPass(pass, WEBGPU_TARGET),
        ),
      )
    },

    unload(executable) {
      const loaded = executable as LoadedProgram
      if (!programs.delete(loaded)) return
      for (const { blocks, params } of loaded.variants.values()) {
        arena.release(blocks)
        paramBytes -= params?.size ?? 0
        params?.destroy()
      }
      loaded.variants.clear()
    },

    async run(executable, bindings) {
      alive('webgpu run')
      const loaded = executable as LoadedProgram
      if (!programs.has(loaded)) {
        throw new BackendError(
          'webgpu run',
          'a loaded program of this backend',
          'one that was unloaded or made elsewhere',
        )
      }
      const bound = bindings.map((buffer) => ofUs('webgpu run', buffer).gpu)
      checkBindings(loaded.program, bindings)
      const variant = await loadVariant(loaded, aliasesOf(loaded.program, bound))
      while (inFlight.length >= MAX_IN_FLIGHT) await inFlight.shift()
      await withMemory(
        bindings,
        guarded('webgpu run', () => submit(loaded.program, variant, bound)),
      )
      inFlight.push(device.queue.onSubmittedWorkDone().catch(() => {}))
    },

    memory: () => ({
      liveBuffers: buffers.size,
      liveBytes,
      peakBytes: Math.max(0, ...[...programs].map(({ peakBytes }) => peakBytes)),
      arenaBytes: arena.heldBytes() + staging.heldBytes() + paramBytes,
      kernelsCompiled: kernels.count(),
    }),

    tune(tuneOptions) {
      const load = (program: Program, choices: GpuTraits['choices']) =>
        loadWith(program, { ...kernels.traits, ...(choices && { choices }) })
      const finished = () => device.queue.onSubmittedWorkDone()
      return tuneKernels({ adapter, timer, backend, load, finished }, tuneOptions)
    },

    async close() {
      if (closed) return
      await Promise.all(inFlight.splice(0))
      closed = true
      for (const { gpu: gpuMemory } of buffers) gpuMemory.destroy()
      buffers.clear()
      liveBytes = 0
      for (const { variants } of programs) for (const { params } of variants.values()) params?.destroy()
      programs.clear()
      paramBytes = 0
      arena.destroy()
      staging.destroy()
      timer?.destroy()
      device.destroy()
    },
  }
  return backend
}
