import type { Backend } from '../backends/backend.js'
import { currentTrace } from '../compile/trace.js'
import { currentDevice } from '../default-device.js'
import type { Device } from '../device.js'
import { DeviceError, StaleReadError, StateLostError, TensorError, TraceError } from '../errors.js'
import type { Node } from '../graph/node.js'
import type { Storage } from '../graph/storage.js'
import { Tensor } from '../graph/tensor.js'
import { type GraphContext, isLeaf } from '../schedule/graph-slice.js'
import { plan } from '../schedule/plan.js'
import { type PendingAssign, programOrder } from '../state/pending-assign.js'
import { State } from '../state/state.js'
import { ownBuffer } from './owned-buffers.js'
import { runPlan } from './run-plan.js'

export interface RealizeOptions {
  /** Gives up before the program starts; once it runs it runs to its end. */
  readonly signal?: AbortSignal
}

/**
 * Computes tensors (and States) together, in one program, and runs every assign made so far. Sub-expressions they share
 * are computed once. Realised tensors become leaves: their sources are dropped.
 */
export function realize(...tensors: readonly (Tensor | State)[]): Promise<void> {
  return realizeAll(tensors.map((t) => (t instanceof State ? t.value : t)))
}

/** `realize` for a list, with options. */
export function realizeAll(tensors: readonly Tensor[], options: RealizeOptions = {}): Promise<void> {
  return afterRealize(tensors, options, async () => undefined)
}

/** Throws TraceError while a function is traced; the trace fails even if its promise is dropped. */
export function refuseInTrace(where: string): void {
  const trace = currentTrace()
  if (!trace) return
  throw trace.refuse(
    new TraceError(
      where,
      'no values asked for while a function is traced',
      'an await, item() or data()',
      'Return the tensor and read it outside.',
    ),
  )
}

/** Realises tensors and then, before any other work of the device, does something with the result. */
export function afterRealize<T>(
  tensors: readonly Tensor[],
  options: RealizeOptions,
  then: (backend: Backend, device: Device) => Promise<T>,
): Promise<T> {
  refuseInTrace('realize')
  for (const tensor of tensors) tensor.checkAlive('realize')
  const device = deviceOf(tensors)
  const order = programOrder()
  return device.enqueue(
    'realize',
    async (backend) => {
      await runPending(device, backend, tensors, order)
      return then(backend, device)
    },
    options.signal,
  )
}

function deviceOf(tensors: readonly Tensor[]): Device {
  let device: Device | null = null
  for (const tensor of tensors) {
    if (tensor.device === null) continue
    if (device !== null && device !== tensor.device) {
      throw new DeviceError(
        'realize',
        'tensors of one device',
        `${device.name} and ${tensor.device.name}`,
        'Realise them one by one.',
      )
    }
    device = tensor.device
  }
  return device ?? currentDevice()
}

/** Inside a job: one program for the tensors and for the assigns up to `order`. */
export async function runPending(
  device: Device,
  backend: Backend,
  tensors: readonly Tensor[],
  order: number,
): Promise<void> {
  const targets = new Set<Node>()
  for (const { node } of tensors) {
    if (node.failure !== undefined) throw node.failure
    if (!isLeaf(node)) targets.add(node)
  }
  const assigns = device.pendingAssigns.filter((assign) => assign.order <= order)
  if (targets.size === 0 && assigns.length === 0) {
    for (const tensor of tensors) checkStateRead(tensor, backend)
    return
  }
  const outputs = [...targets].flatMap((node) => node.outputs.map((_, index) => new Tensor(node, index)))
  const context = eagerContext(device, backend, assigns)
  const last = new Map<State, PendingAssign>()
  for (const assign of assigns) last.set(assign.state, assign)

  const planned = plan({ outputs, assigns: [...last.values()] }, context)
  const executable = await device.cachedProgram(planned.program.key, backend, () => backend.load(planned.program))
  const upstream = new Map([...targets].map((node) => [node, statesAndLeavesOf(node)]))
  let started = false
  let storages: Storage[]
  try {
    storages = await runPlan(device, backend, planned, executable, outputs, {
      started() {
        started = true
      },
    })
  } catch (error) {
    if (started) {
      for (const state of last.keys()) state.lost = error
      settle(device, assigns)
    }
    throw error
  }
  settle(device, assigns)
  for (const state of last.keys()) state.lost = undefined
  outputs.forEach(({ node, index }, i) => {
    const storage = storages[i] as Storage
    if (storage.kind === 'device') ownBuffer(node, index, storage)
    else node.storage[index] = storage
  })
  for (const node of targets) {
    node.released = upstream.get(node) ?? new Set()
    node.source = { kind: 'leaf' }
  }
  for (const tensor of tensors) checkStateRead(tensor, backend)
}

/** Assigns that have run (or were lost) are no longer pending; their versions are what the cells hold. */
function settle(device: Device, assigns: readonly PendingAssign[]): void {
  const done = new Set(assigns)
  device.pendingAssigns = device.pendingAssigns.filter((assign) => !done.has(assign))
  for (const { state, version } of assigns) state.executedVersion = version
}

/** Throws StaleReadError, StateLostError or DeviceError if a version of a State cannot be read any more. */
export function checkVersion(state: State, version: number, device: Device, backend: Backend): void {
  if (state.device !== device) {
    throw new DeviceError(
      `read ${state.name}`,
      `a State on ${device.name}`,
      `one on ${state.device.name}`,
      'Build all States of a computation on one device.',
    )
  }
  if (state.lost !== undefined) {
    throw new StateLostError(
      `read ${state.name}`,
      'a State with contents',
      'one whose contents were lost when a program failed half-way',
      `Assign it again, e.g. from a checkpoint. Cause: ${state.lost instanceof Error ? state.lost.message : String(state.lost)}`,
    )
  }
  if (state.storage !== undefined && state.storage.backend !== backend) {
    throw new StateLostError(
      `read ${state.name}`,
      'a State with contents',
      `one whose contents were lost with ${device.name}`,
      'Load it again: assign it, e.g. from a checkpoint (loadStateDict).',
    )
  }
  if (state.executedVersion < 0) {
    throw new TensorError(
      `read ${state.name}`,
      'a State with a value',
      'one that was never assigned',
      'Call init(key) on its module, or assign it.',
    )
  }
  if (version < state.executedVersion) {
    throw new StaleReadError(
      `read ${state.name}`,
      `version ${version}, which a lazy tensor captured`,
      `version ${state.executedVersion}, which a later assign to ${state.name} wrote`,
      'Realise the tensor before the assign runs, or read a copy().',
    )
  }
}

function checkStateRead({ node }: Tensor, backend: Backend): void {
  if (node.source.kind !== 'state') return
  checkVersion(node.source.state, node.source.version, node.device as Device, backend)
}

function eagerContext(device: Device, backend: Backend, assigns: readonly PendingAssign[]): GraphContext {
  const pending = new Map<State, Map<number, Tensor>>()
  for (const { state, version, value } of assigns) {
    const versions = pending.get(state) ?? new Map<number, Tensor>()
    pending.set(state, versions.set(version, value))
  }
  return {
    maxOperands: backend.limits.maxOperands,
    supports: (definition, inputs, attributes) => backend.supports(definition, inputs, attributes),
    readState(state, version) {
      const value = pending.get(state)?.get(version)
      if (value) return value
      checkVersion(state, version, device, backend)
      return null
    },
  }
}

/** Ids of what a node was computed from: States (negative) and leaves. `grad` uses it to tell what was released. */
function statesAndLeavesOf(root: Node): ReadonlySet<number> {
  const found = new Set<number>()
  const seen = new Set<Node>([root])
  const stack: Node[] = [root]
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (node.source.kind === 'state') found.add(-node.source.state.id)
    else if (isLeaf(node)) {
      found.add(node.id)
      // Of earlier generations only States are kept: a loop that feeds on its own results must not grow for ever.
      for (const id of node.released ?? []) if (id < 0) found.add(id)
    }
    for (const { node: input } of isLeaf(node) ? [] : node.inputs) {
      if (seen.has(input)) continue
      seen.add(input)
      stack.push(input)
    }
  }
  return found
}
