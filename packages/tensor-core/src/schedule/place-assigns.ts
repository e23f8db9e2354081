import { contiguousView, isContiguous } from '../view.js'
import type { Launch, Operand } from './program.js'
import { copyLaunch, inputsOf, outputsOf, type ProgramDraft } from './program-builder.js'

/** A value that a program writes to a State's buffer. */
export interface AssignTarget {
  /** The State's own slot, which holds the old version when the program starts. */
  readonly slot: number
  readonly value: Operand
  readonly label: string
}

/**
 * Makes the program write States. Where the launch that computes the new version can write the cell's buffer itself, it
 * does: it reads the old version only element by element (or not at all), and every other reader comes before it; a launch
 * whose result nobody else reads is moved behind those readers first. Otherwise the value goes to a temporary and is copied
 * at the end.
 */
export function placeAssigns<Binding>(draft: ProgramDraft<Binding>, targets: readonly AssignTarget[]): void {
  const cells = new Set(targets.map((target) => target.slot))
  const pending: AssignTarget[] = []
  for (const target of targets) {
    if (target.value.slot === target.slot && isWhole(draft, target.value)) continue // assigned to itself
    pending.push(draft.slots[target.value.slot]?.bound === undefined ? target : snapshot(draft, target, cells))
  }
  sinkUpdates(draft, pending)
  const late: AssignTarget[] = []
  for (const target of pending) if (!writeInPlace(draft, target)) late.push(target)
  for (const { slot, value, label } of late) {
    draft.launches.push(copyLaunch(label, value, { slot, dtype: value.dtype, view: contiguousView(value.view.shape) }))
  }
}

function isWhole<Binding>(draft: ProgramDraft<Binding>, { slot, view }: Operand): boolean {
  return isContiguous(view) && view.shape.reduce((a, b) => a * b, 1) === draft.slots[slot]?.size
}

/** A value that is a bound buffer itself: another cell's old version is copied before anything is overwritten. */
function snapshot<Binding>(
  draft: ProgramDraft<Binding>,
  target: AssignTarget,
  cells: ReadonlySet<number>,
): AssignTarget {
  if (!cells.has(target.value.slot)) return target
  const { dtype, view } = target.value
  draft.slots.push({ dtype, size: view.shape.reduce((a, b) => a * b, 1), bound: undefined })
  const copy: Operand = { slot: draft.slots.length - 1, dtype, view: contiguousView(view.shape) }
  draft.launches.unshift(copyLaunch(target.label, target.value, copy))
  return { ...target, value: copy }
}

const reads = (launch: Launch, slot: number): boolean => inputsOf(launch).some((operand) => operand.slot === slot)
const writes = (launch: Launch, slot: number): boolean => outputsOf(launch).some((operand) => operand.slot === slot)

/** Whether the launch reads `cell` only in a way that lets it write the cell through its operand `value`. */
export function aliasSafe(launch: Launch, value: Operand, cell: number): boolean {
  if (launch.kind === 'map') {
    return launch.inputs.every(
      (x) => x.slot !== cell || (isContiguous(x.view) && x.dtype === value.dtype && isContiguous(value.view)),
    )
  }
  if (launch.kind === 'reduce') return !reads(launch, cell)
  const output = launch.outputs.findIndex((operand) => operand.slot === value.slot)
  const inPlace = (launch.kind === 'op' ? launch.record.inPlace : launch.definition.inPlace)?.[output]
  return launch.inputs.every((x, i) => x.slot !== cell || i === inPlace)
}

/** Moves each launch that only computes new versions behind the last reader of the old ones. */
function sinkUpdates<Binding>(draft: ProgramDraft<Binding>, targets: readonly AssignTarget[]): void {
  const cellOf = new Map(targets.map((target) => [target.value.slot, target.slot]))
  const cells = new Set(targets.map((target) => target.slot))
  const { launches } = draft
  const readers = new Map<number, number>()
  for (const launch of launches)
    for (const { slot } of inputsOf(launch)) {
      readers.set(slot, (readers.get(slot) ?? 0) + 1)
    }
  const movable = (launch: Launch): boolean => {
    const outputs = outputsOf(launch).map((operand) => operand.slot)
    const own = new Set(outputs.map((slot) => cellOf.get(slot)))
    return (
      outputs.every((slot) => cellOf.has(slot) && !readers.has(slot)) &&
      launches.filter((other) => outputs.some((slot) => writes(other, slot))).length === 1 &&
      inputsOf(launch).every(({ slot }) => !cells.has(slot) || own.has(slot))
    )
  }
  const movers = launches.filter((launch) => outputsOf(launch).some((o) => cellOf.has(o.slot)) && movable(launch))
  if (movers.length === 0) return
  // Where each mover must wait: the last other reader of the cells that it writes.
  const position = new Map(launches.map((launch, index) => [launch, index]))
  const waits = new Map<Launch, Launch[]>()
  const moved = new Set<Launch>()
  for (const launch of movers) {
    const own = outputsOf(launch).map(({ slot }) => cellOf.get(slot) as number)
    let last = position.get(launch) as number
    for (const cell of own) {
      for (const other of launches)
        if (other !== launch && reads(other, cell)) last = Math.max(last, position.get(other) as number)
    }
    const anchor = launches[last] as Launch
    if (anchor === launch || movers.includes(anchor)) continue
    waits.set(anchor, [...(waits.get(anchor) ?? []), launch])
    moved.add(launch)
  }
  const order: Launch[] = []
  for (const launch of launches) {
    if (moved.has(launch)) continue
    order.push(launch, ...(waits.get(launch) ?? []))
  }
  launches.splice(0, launches.length, ...order)
}

/** Lets the launches that compute the value write the cell; false where that would change what others read. */
function writeInPlace<Binding>(draft: ProgramDraft<Binding>, { slot: cell, value }: AssignTarget): boolean {
  const { launches } = draft
  const source = value.slot
  if (draft.slots[source]?.bound !== undefined || !isWhole(draft, value)) return false
  if (draft.slots[source]?.dtype !== value.dtype) return false
  let first = launches.findIndex((launch) => writes(launch, source))
  if (first < 0) return false
  // "copy the old version, then update parts of it" becomes the update alone.
  const seed = launches[first] as Launch
  const drop = isWholeCopy(seed, cell) && launches.some((launch, i) => i > first && writes(launch, source))
  const writers = launches
    .map((launch, i) => (writes(launch, source) ? i : -1))
    .filter((i) => i >= 0 && !(drop && i === first))
  if (drop) first = writers[0] as number
  for (let i = 0; i < launches.length; i++) {
    const launch = launches[i] as Launch
    if (drop && launch === seed) continue
    if (!reads(launch, cell) && !writes(launch, cell)) continue
    if (writes(launch, cell)) return false
    if (i < first) continue
    if (writers.includes(i)) {
      // An update names the old version as the input that its output starts from; its kernel does not read it.
      const start = launch.kind === 'op' ? Object.entries(launch.record.updates ?? {}) : []
      const onlyStart =
        launch.kind === 'op' &&
        launch.inputs.every((x, input) => x.slot !== cell || start.some(([, from]) => from === input))
      if ((drop && onlyStart) || (i === first && aliasSafe(launch, value, cell))) continue
    }
    return false
  }
  const rename = <O extends Operand>(operand: O): O => (operand.slot === source ? { ...operand, slot: cell } : operand)
  const renamed = launches
    .filter((launch) => !(drop && launch === seed))
    .map((launch) => (reads(launch, source) || writes(launch, source) ? renameLaunch(launch, rename) : launch))
  launches.splice(0, launches.length, ...renamed)
  return true
}

function isWholeCopy(launch: Launch, from: number): boolean {
  if (launch.kind !== 'map' || launch.expressions[0]?.kind !== 'input') return false
  const input = launch.inputs[0] as Operand
  return input.slot === from && isContiguous(input.view) && isContiguous((launch.outputs[0] as Operand).view)
}

/** The launch with its operands renamed. */
export function renameLaunch(launch: Launch, rename: (operand: Operand) => Operand): Launch {
  const inputs = launch.inputs.map(rename)
  if (launch.kind === 'reduce') return { ...launch, inputs, output: rename(launch.output) }
  return { ...launch, inputs, outputs: launch.outputs.map(rename) }
}
