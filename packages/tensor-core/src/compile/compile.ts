import type { Backend, BufferHandle, Executable } from '../backends/backend.js'
import type { Device } from '../device.js'
import { RetraceLimitError, TraceError, UseAfterDisposeError } from '../errors.js'
import { Node } from '../graph/node.js'
import type { DeviceStorage, Storage } from '../graph/storage.js'
import { isDisposed, Tensor } from '../graph/tensor.js'
import { disownBuffers, ownBuffer } from '../realize/owned-buffers.js'
import { checkVersion, runPending } from '../realize/realize.js'
import { runPlan } from '../realize/run-plan.js'
import { isLeaf } from '../schedule/graph-slice.js'
import type { Plan } from '../schedule/plan.js'
import { outputsOf } from '../schedule/program-builder.js'
import { programOrder } from '../state/pending-assign.js'
import type { State } from '../state/state.js'
import { describeArguments, type KeyParts, mapTensors } from './argument-tree.js'
import { moduleEpoch } from './module-epoch.js'
import { currentTrace } from './trace.js'
import { type AnyFunction, planTraced, type Traced, traceFunction } from './trace-function.js'

/** Programs a function may have before the argument that keeps changing is named in an error. */
const RETRACE_LIMIT = 8
/** Programs on their way at one time; a call waits for the one before the last. */
const MAX_IN_FLIGHT = 2

export interface CompileOptions {
  readonly name?: string
  /** Different programs allowed before RetraceLimitError. Default 8. */
  readonly retraceLimit?: number
}

/** A compiled function: the same arguments, a promise of the same result. */
export interface Compiled<F extends AnyFunction> {
  (...args: Parameters<F>): Promise<ReturnType<F>>
  /** The function itself, for use inside other traces and in `grad`. */
  readonly fn: F
  /** The same program with an abort signal: it acts until the program starts. */
  with(options: { readonly signal?: AbortSignal }): (...args: Parameters<F>) => Promise<ReturnType<F>>
  /** What `observe` named in the last call. */
  observed(): ReadonlyMap<string, Tensor>
  /** How many programs were traced so far. */
  readonly traces: number
}

interface Loaded {
  /** A device that was lost and opened again has another one: then the plan is loaded anew. */
  readonly backend: Backend
  readonly plan: Plan
  readonly executable: Executable
  /** The States whose old contents it reads. */
  readonly reads: readonly State[]
  /** Host values that the function captured, on the device. */
  readonly uploads: Map<Storage, BufferHandle>
}

/** A large result of an earlier call, whose buffer is taken back after the next but one. */
interface LargeOutput {
  readonly node: Node
  readonly storage: DeviceStorage
}

const kept = new WeakSet<Node>()

/** Keeps a large result of a compiled function beyond the call after next; `dispose` it when it is no longer needed. */
export function keep(tensor: Tensor): Tensor {
  kept.add(tensor.node)
  return tensor
}

/**
 * Turns a synchronous function of tensors into one that is traced once for each form of its arguments and then replayed as
 * a program. States it reads or assigns are found by identity; so are tensors it captures. The promise resolves when the
 * program is on its way, with at most two under way. Results up to 4 KiB are copies; larger ones are valid until the call
 * after next unless `keep` is called. Throws TraceError, RetraceLimitError.
 */
export function compile<F extends AnyFunction>(fn: F, options: CompileOptions = {}): Compiled<F> {
  const name = options.name ?? (fn.name || 'compiled function')
  const limit = options.retraceLimit ?? RETRACE_LIMIT
  const programs = new Map<string, { traced: Traced; parts: KeyParts }>()
  const inFlight: Promise<unknown>[] = []
  const generations: LargeOutput[][] = []
  let observed: ReadonlyMap<string, Tensor> = new Map()

  const lookUp = (args: readonly unknown[], tensors: readonly Tensor[], parts: KeyParts): Traced => {
    const withEpoch = new Map(parts).set('module epoch', `${moduleEpoch()}`)
    const key = [...withEpoch].map(([path, text]) => `${path}=${text}`).join(';')
    const known = programs.get(key)
    if (known) return known.traced
    if (programs.size >= limit)
      throw retraceError(
        name,
        limit,
        [...programs.values()].map((p) => p.parts),
        withEpoch,
      )
    const traced = traceFunction(name, fn, args, tensors)
    programs.set(key, { traced, parts: withEpoch })
    return traced
  }

  const call = async (args: Parameters<F>, signal?: AbortSignal): Promise<ReturnType<F>> => {
    const active = currentTrace()
    if (active)
      throw new TraceError(
        name,
        `its .fn called inside of ${active.name}`,
        'the compiled function',
        'Write .fn(...) there.',
      )
    const { tensors, parts } = describeArguments(args)
    for (const tensor of tensors) tensor.checkAlive(name)
    const traced = lookUp(args, tensors, parts)
    const { device } = traced
    const order = programOrder()
    // What the caller gets now; the job fills the nodes in.
    const nodes = traced.outputs.map(
      ({ shape, dtype }) => new Node({ kind: 'leaf' }, [{ shape, dtype }], device, `result of ${name}`),
    )
    for (const state of traced.assigned) state.advance()
    const versions = new Map([...traced.trace.states.keys()].map((state) => [state, state.version]))

    let started = false
    const job = device.enqueue(
      name,
      async (backend) => {
        const waiting = tensors.filter(({ node }) => !isLeaf(node))
        await runPending(device, backend, waiting, order)
        expireOldResults(generations, backend)
        const { plan: planned, executable, reads, uploads } = await load(traced, backend)
        for (const state of reads) checkVersion(state, state.executedVersion, device, backend)
        const placeholderAt = new Map(traced.placeholders.map((placeholder, i) => [placeholder.node, i]))
        const storages = await runPlan(device, backend, planned, executable, traced.outputs, {
          uploads,
          storageOf({ node }): Storage | undefined {
            const at = placeholderAt.get(node)
            if (at === undefined) return undefined
            const argument = tensors[at] as Tensor
            if (argument.node.source.kind === 'state') return stateStorage(argument, device, backend)
            if (argument.node.failure !== undefined) throw argument.node.failure
            return argument.node.storage[argument.index]
          },
          started() {
            started = true
          },
        })
        const large: LargeOutput[] = []
        storages.forEach((storage, i) => {
          const node = nodes[i] as Node
          if (storage.kind === 'device') {
            ownBuffer(node, 0, storage)
            large.push({ node, storage })
          } else node.storage[0] = storage
        })
        generations.push(large)
        for (const state of traced.assigned) {
          settleState(state, versions, undefined)
          state.lost = undefined
        }
      },
      signal,
    )
    inFlight.push(job)
    const settled = job.then(
      () => undefined,
      (error: unknown) => {
        for (const node of nodes) node.failure = error
        for (const state of traced.assigned) settleState(state, versions, started ? error : undefined)
        throw error
      },
    )
    settled.catch(() => undefined)
    // Its own caller hears of a failure; here it is only waited for.
    if (inFlight.length > MAX_IN_FLIGHT - 1) await inFlight.shift()?.catch(() => undefined)
    // A program that was refused before it ran should not look like one that is on its way.
    if (!loadedOf.has(traced) || signal) await settled
    observed = new Map(
      traced.observed.map((label, i) => [
        label,
        new Tensor(nodes[nodes.length - traced.observed.length + i] as Node, 0),
      ]),
    )
    let next = 0
    return mapTensors(traced.result, () => new Tensor(nodes[next++] as Node, 0)) as ReturnType<F>
  }

  const compiled = ((...args: Parameters<F>) => call(args)) as Compiled<F>
  return Object.defineProperties(compiled, {
    fn: { value: fn },
    with: {
      value:
        ({ signal }: { signal?: AbortSignal }) =>
        (...args: Parameters<F>) =>
          call(args, signal),
    },
    observed: { value: () => observed },
    traces: { get: () => programs.size },
  })
}

const loadedOf = new WeakMap<Traced, Loaded>()
/** Frees what a program keeps on its device once nobody can call it any more. */
const forgotten = new FinalizationRegistry<() => void>((free) => free())

async function load(traced: Traced, backend: Backend): Promise<Loaded> {
  const known = loadedOf.get(traced)
  if (known?.backend === backend) return known
  const planned = planTraced(traced, backend)
  const executable = await backend.load(planned.program)
  const uploads = new Map<Storage, BufferHandle>()
  const loaded = { backend, plan: planned, executable, reads: readStates(planned), uploads }
  loadedOf.set(traced, loaded)
  const { device } = traced
  forgotten.register(traced, () => {
    for (const buffer of uploads.values()) device.release({ backend, buffer })
  })
  return loaded
}

/** The States whose old contents a program reads: those that a launch reads before, or while, one writes them. */
function readStates({ program, bindings }: Plan): State[] {
  const bound = program.slots.flatMap((slot, index) => (slot.role === 'bound' ? [index] : []))
  return bindings.flatMap((binding, i) => {
    if (binding.kind !== 'state') return []
    for (const launch of program.launches) {
      const touches = ({ slot }: { readonly slot: number }) => slot === bound[i]
      if (launch.inputs.some(touches)) return [binding.state]
      if (outputsOf(launch).some(touches)) return []
    }
    return []
  })
}

function stateStorage({ node }: Tensor, device: Device, backend: Backend): Storage | undefined {
  if (node.source.kind !== 'state') return undefined
  const { state, version } = node.source
  checkVersion(state, version, device, backend)
  return state.storage
}

/** The version that a call announced is what the buffer holds now, or, after a failure half-way, what was lost. */
function settleState(state: State, versions: ReadonlyMap<State, number>, error: unknown): void {
  state.executedVersion = Math.max(state.executedVersion, versions.get(state) as number)
  if (error !== undefined) state.lost = error
}

/** Takes back the large results of the call before the last. */
function expireOldResults(generations: LargeOutput[][], backend: Backend): void {
  while (generations.length >= 2) {
    for (const { node, storage } of generations.shift() as LargeOutput[]) {
      if (kept.has(node) || isDisposed(node) || node.storage[0] !== storage) continue
      disownBuffers(node)
      node.storage[0] = undefined
      node.failure = new UseAfterDisposeError(
        node.label,
        'a result of one of the last two calls',
        'an older one, whose memory was used again',
        'Call keep(result) when it is returned.',
      )
      if (storage.backend === backend) backend.free(storage.buffer)
    }
  }
}

function retraceError(name: string, limit: number, earlier: readonly KeyParts[], now: KeyParts): RetraceLimitError {
  const varying = [...now].filter(([path, text]) => earlier.some((parts) => parts.get(path) !== text))
  const counted = varying.map(
    ([path, text]) => `${path} (${new Set(earlier.map((parts) => parts.get(path))).size} forms, now ${text})`,
  )
  return new RetraceLimitError(
    name,
    `at most ${limit} forms of its arguments`,
    `another one: ${counted.join(', ')} keeps changing`,
    'Pass numbers that change as tensors, pad shapes to a few sizes, or raise retraceLimit.',
  )
}
