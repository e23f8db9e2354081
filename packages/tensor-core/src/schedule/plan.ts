import type { Node } from '../graph/node.js'
import type { Tensor } from '../graph/tensor.js'
import { sizeOf } from '../shape.js'
import type { State } from '../state/state.js'
import { contiguousView, isContiguous } from '../view.js'
import { elideCopies } from './elide-copies.js'
import { freeEarly } from './free-early.js'
import { fuse } from './fuse.js'
import { fuseEpilogues } from './fuse-epilogues.js'
import { fuseSiblings } from './fuse-siblings.js'
import { type GraphContext, sliceGraph } from './graph-slice.js'
import { lifetimesOf } from './lifetimes.js'
import { peakMemory } from './peak-memory.js'
import { type AssignTarget, placeAssigns, renameLaunch } from './place-assigns.js'
import type { Operand, Program, Slot } from './program.js'
import { addSlot, copyLaunch, type DraftSlot, type ProgramDraft } from './program-builder.js'
import { programKey } from './program-key.js'
import { reuseSlots } from './reuse-slots.js'

/** What is bound to a program's slot: a leaf's storage, a State's buffer, or a new buffer for output number `index`. */
export type Binding =
  | { readonly kind: 'leaf'; readonly node: Node; readonly index: number }
  | { readonly kind: 'state'; readonly state: State }
  | { readonly kind: 'output'; readonly index: number }

export interface PlanRequest {
  readonly outputs: readonly Tensor[]
  /** The last value of each State that the program writes. */
  readonly assigns: readonly { readonly state: State; readonly value: Tensor }[]
}

export interface Plan {
  readonly program: Program
  /** One for each bound slot, in slot order. */
  readonly bindings: readonly Binding[]
}

/**
 * graph -> launches (fuse) -> writes of States (place-assigns) -> epilogues (fuse-epilogues) -> an order that frees early (free-early) -> neighbours
 * in one launch (fuse-siblings) -> outputs where inputs end (reuse-slots) -> liveness of temporaries. The memory of a training step is planned here: every temporary's
 * first and last launch, from which a backend packs its arena.
 */
export function plan(request: PlanRequest, context: GraphContext): Plan {
  const draft: ProgramDraft<Binding> = { slots: [], launches: [] }
  const roots = [...request.outputs, ...request.assigns.map((assign) => assign.value)]
  const slice = sliceGraph(roots, context)
  const stateSlots = new Map<State, number>()
  const { operandOf } = fuse(slice, roots, draft, (node, index): Binding => {
    if (node.source.kind !== 'state') return { kind: 'leaf', node, index }
    // A State read under several nodes (its version is the same) has one slot: see stateSlot below.
    return { kind: 'state', state: node.source.state }
  })
  mergeStateSlots(draft, stateSlots)
  const canonical = (operand: Operand): Operand => {
    const bound = draft.slots[operand.slot]?.bound
    if (bound?.kind !== 'state') return operand
    const slot = stateSlots.get(bound.state) ?? operand.slot
    stateSlots.set(bound.state, slot)
    return { ...operand, slot }
  }

  const targets = request.assigns.map(({ state, value }): AssignTarget => {
    const operand = canonical(operandOf(value))
    let slot = stateSlots.get(state)
    if (slot === undefined) {
      slot = addSlot<Binding>(draft, state.dtype, sizeOf(state.shape), { kind: 'state', state })
      stateSlots.set(state, slot)
    }
    return { slot, value: operand, label: `assign ${state.name}` }
  })
  const outputs = request.outputs.map((tensor) => canonical(operandOf(tensor)))
  mergeStateSlots(draft, stateSlots)
  const wanted = new Set([...outputs, ...targets.map(({ value }) => value)].map(({ slot }) => slot))
  const found = elideCopies(draft, wanted)
  placeOutputs(draft, outputs.map(found))
  placeAssigns(
    draft,
    targets.map((target) => ({ ...target, value: found(target.value) })),
  )
  fuseEpilogues(draft)
  const orders = [draft.launches, freeEarly(draft, mayShare)]
  const drafts = [...orders.map((launches) => fuseSiblings(launches, context.maxOperands)), ...orders].map(
    (launches) => ({ ...draft, launches }),
  )
  return finish(leastPeak(drafts.map(reuseSlots)))
}

/** An argument may be the value of a State, in the State's own buffer. */
function mayShare(a: DraftSlot<Binding>, b: DraftSlot<Binding>): boolean {
  return a.bound?.kind === 'state' && b.bound?.kind === 'leaf' && a.dtype === b.dtype && a.size === b.size
}

/** The draft that holds the least temporaries at its peak; the earlier one where they are equal. */
function leastPeak(drafts: readonly ProgramDraft<Binding>[]): ProgramDraft<Binding> {
  const peaks = drafts.map(({ launches, slots }) => {
    const lifetimes = lifetimesOf(launches)
    return peakMemory({
      launches,
      slots: slots.map(({ dtype, size, bound }, index): Slot => {
        const life = lifetimes.get(index)
        const role = bound || !life ? 'bound' : 'temporary'
        return { dtype, size, role, first: life?.first ?? 0, last: life?.last ?? 0 }
      }),
    }).bytes
  })
  return drafts[peaks.indexOf(Math.min(...peaks))] as ProgramDraft<Binding>
}

/** Gives each State one slot, however many nodes read it. */
function mergeStateSlots(draft: ProgramDraft<Binding>, stateSlots: Map<State, number>): void {
  const alias = new Map<number, number>()
  draft.slots.forEach((slot, index) => {
    if (slot.bound?.kind !== 'state') return
    const first = stateSlots.get(slot.bound.state)
    if (first === undefined) stateSlots.set(slot.bound.state, index)
    else if (first !== index) alias.set(index, first)
  })
  if (alias.size === 0) return
  const rename = (operand: Operand) => ({ ...operand, slot: alias.get(operand.slot) ?? operand.slot })
  draft.launches.splice(0, draft.launches.length, ...draft.launches.map((launch) => renameLaunch(launch, rename)))
}

/** Turns the temporaries that hold outputs into bound slots; what is no whole temporary of its own is copied. */
function placeOutputs(draft: ProgramDraft<Binding>, outputs: readonly Operand[]): void {
  const before: ReturnType<typeof copyLaunch>[] = []
  outputs.forEach((operand, index) => {
    const slot = draft.slots[operand.slot] as (typeof draft.slots)[number]
    const whole = isContiguous(operand.view) && sizeOf(operand.view.shape) === slot.size
    if (slot.bound === undefined && whole && slot.dtype === operand.dtype) {
      slot.bound = { kind: 'output', index }
      return
    }
    const copy = addSlot<Binding>(draft, operand.dtype, sizeOf(operand.view.shape), { kind: 'output', index })
    const launch = copyLaunch('copy of an output', operand, {
      slot: copy,
      dtype: operand.dtype,
      view: contiguousView(operand.view.shape),
    })
    // What was bound from the start is copied first, before an assign can overwrite it.
    if (slot.bound !== undefined && slot.bound.kind !== 'output') before.push(launch)
    else draft.launches.push(launch)
  })
  draft.launches.unshift(...before)
}

/** Drops unused slots, works out lifetimes and makes the key. */
function finish(draft: ProgramDraft<Binding>): Plan {
  const lifetimes = lifetimesOf(draft.launches)
  const renumber = new Map<number, number>()
  const slots: Slot[] = []
  const bindings: Binding[] = []
  draft.slots.forEach(({ dtype, size, bound }, index) => {
    const life = lifetimes.get(index)
    if (!life) {
      if (bound?.kind !== 'output') return
    }
    renumber.set(index, slots.length)
    slots.push({ dtype, size, role: bound ? 'bound' : 'temporary', first: life?.first ?? 0, last: life?.last ?? 0 })
    if (bound) bindings.push(bound)
  })
  const rename = (operand: Operand) => ({ ...operand, slot: renumber.get(operand.slot) as number })
  const launches = draft.launches.map((launch) => renameLaunch(launch, rename))
  return { program: { slots, launches, key: programKey(slots, launches) }, bindings }
}
