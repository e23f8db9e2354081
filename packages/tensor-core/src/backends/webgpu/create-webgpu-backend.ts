import { printPass } from '../../codegen/print-pass.js'
import { BackendError, DeviceLostError, MemoryLimitError, TensorError } from '../../errors.js'
import type { FusedDefinition, GpuKernelSource } from '../../fused/fused-definition.js'
import type { Program } from '../../schedule/program.js'
import type { Backend, BufferHandle, Executable } from '../backend.js'
import { BUFFER_USAGE, wholeWords } from './gpu-constants.js'
import { createKernelCache, WEBGPU_TARGET } from './kernel-cache.js'
import { lowerForGpu } from './lower-for-gpu.js'
import { openDevice, type WebGpuOptions } from './open-device.js'
import { type PreparedProgram, prepareProgram, type Step, type StepBuffer } from './prepare-program.js'
import { createStagingPool } from './staging-pool.js'
import { createTemporaryArena } from './temporary-arena.js'
import { isWgsl } from './wgsl-pass.js'
import { createWriteBytes } from './write-bytes.js'

/** Programs submitted and not finished: more gives nothing, and lets memory and delays grow. */
const MAX_IN_FLIGHT = 2

/** A device that is being lost rejects calls before it says so; this long it is waited for. */
const LOSS_NOTICE_MS = 50

interface WebGpuBuffer extends BufferHandle {
  readonly gpu: GPUBuffer
  /** Set when the device turns out to have had no memory for it. */
  refused?: MemoryLimitError
}

interface LoadedProgram extends Executable {
  readonly fused: ReadonlyMap<FusedDefinition, readonly GpuKernelSource[]>
  /** By the aliasing of the bound buffers: almost always one. */
  readonly variants: Map<string, LoadedVariant>
}

interface LoadedVariant extends PreparedProgram {
  /** The last bind group of each step, and the buffers that it binds. */
  readonly groups: { buffers: readonly GPUBuffer[]; group: GPUBindGroup }[]
}

/**
 * WebGPU: the browser's, or Dawn in Node. Everything asynchronous is awaited; a program is one submit.
 * @throws BackendError if there is no WebGPU here
 */
export async function webgpu(options: WebGpuOptions = {}): Promise<Backend> {
  const { device, detail } = await openDevice(options)
  const memoryLimit = options.memoryLimitBytes ?? Number.POSITIVE_INFINITY
  const kernels = createKernelCache(device)
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
  /** Runs `work` and throws the validation and out-of-memory errors of what it submitted, and a loss of the device. */
  const guarded = async <T>(where: string, work: () => T | Promise<T>): Promise<T> => {
    device.pushErrorScope('out-of-memory')
    device.pushErrorScope('validation')
    // Runs at once up to its first await; what it throws comes as a rejection, after the scopes are closed.
    const started = (async () => work())()
    const scopes = Promise.all([device.popErrorScope(), device.popErrorScope()])
    const [result, errors] = await Promise.allSettled([started, scopes])
    if (result.status === 'rejected' || errors.status === 'rejected')
      await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, LOSS_NOTICE_MS))])
    alive(where)
    const error = errors.status === 'fulfilled' ? errors.value.find((found) => found !== null) : null
    if (error) throw typedError(where, error)
    if (result.status === 'fulfilled') return result.value
    if (result.reason instanceof TensorError) throw result.reason
    throw new BackendError(where, 'work that the device accepts', String(result.reason))
  }

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
      loaded.program,
      (launch) => loaded.fused.get(launch.definition) ?? [],
      aliases,
    )
    const bytes = prepared.blocks.reduce((sum, size) => sum + size, 0)
    checkMemory('webgpu load', Math.max(0, bytes - arena.heldBytes()))
    await guarded('webgpu load', () => arena.require(prepared.blocks))
    paramBytes += prepared.params?.size ?? 0
    const variant = { ...prepared, groups: [] }
    loaded.variants.set(signature, variant)
    return variant
  }

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
        ...used.map((buffer, i) => ({ binding: i + 1, resource: { buffer, size: step.buffers[i]?.bytes as number } })),
      ],
    })
    variant.groups[at] = { buffers: used, group }
    return group
  }
  const gpuBuffer = (buffer: StepBuffer, bound: readonly GPUBuffer[]): GPUBuffer =>
    'bound' in buffer ? (bound[buffer.bound] as GPUBuffer) : arena.block(buffer.block)

  const submit = (variant: LoadedVariant, bound: readonly GPUBuffer[]): void => {
    const encoder = device.createCommandEncoder({ label: 'program' })
    let pass: GPUComputePassEncoder | null = null
    for (const [at, step] of variant.steps.entries()) {
      if (step.copies.length > 0) {
        pass?.end()
        pass = null
        for (const { source, target, targetOffset, bytes } of step.copies) {
          encoder.copyBufferToBuffer(gpuBuffer(source, bound), 0, gpuBuffer(target, bound), targetOffset, bytes)
        }
      }
      pass ??= encoder.beginComputePass()
      pass.setPipeline(step.kernel.pipeline)
      pass.setBindGroup(0, bindGroup(variant, at, step, bound))
      pass.dispatchWorkgroups(...step.groups)
    }
    pass?.end()
    device.queue.submit([encoder.finish()])
  }

  const maxBufferBytes = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize)
  return {
    name: 'webgpu',
    detail,
    limits: { maxBufferBytes, floatBytes: 4 },

    supports: (definition, inputs, attributes) =>
      definition.kernels.webgpu !== undefined && (definition.supports?.(inputs, attributes) ?? true),

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

    async load(program) {
      alive('webgpu load')
      const fused = await fusedKernels(program)
      const loaded = { program, temporaryBytes: 0, peakBytes: 0, fused, variants: new Map<string, LoadedVariant>() }
      const variant = await loadVariant(
        loaded,
        program.slots.map((_, slot) => slot),
      )
      loaded.peakBytes = variant.peakBytes
      loaded.temporaryBytes = variant.blocks.reduce((sum, size) => sum + size, 0)
      programs.add(loaded)
      return loaded
    },

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
        guarded('webgpu run', () => submit(variant, bound)),
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
      device.destroy()
    },
  }
}

/** Every fused op's kernels, imported before anything is compiled. */
async function fusedKernels(program: Program): Promise<Map<FusedDefinition, readonly GpuKernelSource[]>> {
  const kernels = new Map<FusedDefinition, readonly GpuKernelSource[]>()
  for (const launch of program.launches) {
    if (launch.kind !== 'fused' || kernels.has(launch.definition)) continue
    const source = launch.definition.kernels.webgpu
    if (!source) {
      throw new BackendError(`webgpu: ${launch.label}`, 'a fused op with a webgpu kernel', launch.definition.name)
    }
    const module = (await source()).default
    kernels.set(launch.definition, Array.isArray(module) ? module : [module])
  }
  return kernels
}

/** For each slot the first slot bound to the same buffer. */
function aliasesOf(program: Program, bound: readonly GPUBuffer[]): number[] {
  const first = new Map<GPUBuffer, number>()
  let at = 0
  return program.slots.map((slot, index) => {
    if (slot.role !== 'bound') return index
    const buffer = bound[at++] as GPUBuffer
    const known = first.get(buffer)
    if (known === undefined) first.set(buffer, index)
    return known ?? index
  })
}

function checkBindings(program: Program, bindings: readonly BufferHandle[]): void {
  const slots = program.slots.filter((slot) => slot.role === 'bound')
  if (slots.length === bindings.length) return
  throw new BackendError('webgpu run', `${slots.length} buffers, one a bound slot`, `${bindings.length}`)
}

function typedError(where: string, error: GPUError): TensorError {
  // Dawn's error classes are not globals in Node: the name is what both have.
  if (error.constructor.name === 'GPUOutOfMemoryError') {
    return new MemoryLimitError(where, 'memory on the device', error.message, 'Free tensors or use a smaller batch.')
  }
  return new BackendError(where, 'work that the device accepts', error.message)
}
