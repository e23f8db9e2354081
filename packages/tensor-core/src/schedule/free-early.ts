import { byteLengthOf } from '../dtype.js'
import type { Launch } from './program.js'
import { type DraftSlot, inputsOf, outputsOf, type ProgramDraft } from './program-builder.js'

/** Bytes that do not count: a scalar that updates wait for is computed early, whatever it takes. */
const NEGLIGIBLE = 64

/**
 * The launches in an order that frees memory early: each as in the order given, but one that frees at least the bytes of
 * temporaries that it takes runs as soon as its operands are there. The gradient of a weight, for example, follows the
 * cotangent that it is computed from, and the optimiser's update that gradient, so that neither waits for the whole backward
 * pass. What a launch reads and writes is the same as before, so are the results.
 *
 * `mayShare`: two bound slots that may be given one buffer.
 */
export function freeEarly<Binding>(
  { launches, slots }: ProgramDraft<Binding>,
  mayShare: (a: DraftSlot<Binding>, b: DraftSlot<Binding>) => boolean,
): Launch[] {
  const touched = launches.map((launch) => [
    ...new Set([...inputsOf(launch), ...outputsOf(launch)].map(({ slot }) => slot)),
  ])
  const { waiting, followers } = dependencies(launches, slots.length, sharedSlots({ launches, slots }, mayShare))
  const bytes = slots.map(({ dtype, size, bound }) => (bound === undefined ? byteLengthOf(dtype, size) : 0))
  const users = slots.map((): number[] => [])
  touched.forEach((of, i) => {
    for (const slot of of) (users[slot] as number[]).push(i)
  })
  const left = users.map((of) => of.length)
  /** Bytes that are alive after the launch less those before it, if it ran now. It only ever falls. */
  const growth = touched.map((of) =>
    of.reduce((sum, slot) => sum + (left[slot] === 1 ? 0 : (bytes[slot] as number)), 0),
  )
  const alive = new Set<number>()
  const done = new Array<boolean>(launches.length).fill(false)
  const freeing: number[] = []
  const lower = (i: number, by: number): void => {
    const before = growth[i] as number
    growth[i] = before - by
    if (before > NEGLIGIBLE && before - by <= NEGLIGIBLE && waiting[i] === 0 && !done[i]) freeing.push(i)
  }

  const order: Launch[] = []
  const run = (i: number): void => {
    done[i] = true
    order.push(launches[i] as Launch)
    for (const slot of touched[i] as number[]) {
      const size = bytes[slot] as number
      left[slot] = (left[slot] as number) - 1
      if (size === 0) continue
      const others = users[slot] as number[]
      if (!alive.has(slot)) {
        alive.add(slot)
        for (const user of others) lower(user, size)
      }
      if (left[slot] === 1) lower(others.find((user) => !done[user]) as number, size)
    }
    for (const follower of followers[i] as ReadonlySet<number>) {
      waiting[follower] = (waiting[follower] as number) - 1
      if (waiting[follower] === 0 && (growth[follower] as number) <= NEGLIGIBLE) freeing.push(follower)
    }
  }
  waiting.forEach((count, i) => {
    if (count === 0 && (growth[i] as number) <= NEGLIGIBLE) freeing.push(i)
  })
  for (let next = 0; next < launches.length; ) {
    if (freeing.length > 0) run(takeLeast(freeing))
    else if (done[next]) next++
    else run(next)
  }
  return order
}

function takeLeast(list: number[]): number {
  const least = Math.min(...list)
  list.splice(list.indexOf(least), 1)
  return least
}

/** For each launch how many others it must come after, and which must come after it: readers and writers of a slot keep their order. */
function dependencies(
  launches: readonly Launch[],
  slotCount: number,
  shared: ReadonlyMap<number, readonly number[]>,
): { waiting: number[]; followers: Set<number>[] } {
  const followers = launches.map(() => new Set<number>())
  const waiting = launches.map(() => 0)
  const after = (earlier: number, later: number): void => {
    const known = followers[earlier] as Set<number>
    if (earlier === later || known.has(later)) return
    known.add(later)
    waiting[later] = (waiting[later] as number) + 1
  }
  const writtenBy = new Array<number>(slotCount).fill(-1)
  const readers: number[][] = Array.from({ length: slotCount }, () => [])
  launches.forEach((launch, i) => {
    for (const { slot } of inputsOf(launch)) {
      for (const same of [slot, ...(shared.get(slot) ?? [])]) {
        const writer = writtenBy[same] as number
        if (writer >= 0) after(writer, i)
      }
      readers[slot]?.push(i)
    }
    for (const { slot } of outputsOf(launch)) {
      for (const same of [slot, ...(shared.get(slot) ?? [])]) {
        const writer = writtenBy[same] as number
        if (writer >= 0) after(writer, i)
        for (const reader of readers[same] as number[]) after(reader, i)
      }
      readers[slot] = []
      writtenBy[slot] = i
    }
  })
  return { waiting, followers }
}

/** For each bound slot the others that may be the same buffer, as far as one of the two is written. */
function sharedSlots<Binding>(
  { launches, slots }: ProgramDraft<Binding>,
  mayShare: (a: DraftSlot<Binding>, b: DraftSlot<Binding>) => boolean,
): ReadonlyMap<number, readonly number[]> {
  const bound = (operands: readonly { readonly slot: number }[]): number[] =>
    operands.map(({ slot }) => slot).filter((slot) => slots[slot]?.bound !== undefined)
  const written = new Set(launches.flatMap((launch) => bound(outputsOf(launch))))
  const read = new Set(launches.flatMap((launch) => bound(inputsOf(launch))))
  const shared = new Map<number, number[]>()
  for (const a of written) {
    for (const b of read) {
      if (written.has(b) || !mayShare(slots[a] as DraftSlot<Binding>, slots[b] as DraftSlot<Binding>)) continue
      shared.set(a, [...(shared.get(a) ?? []), b])
      shared.set(b, [...(shared.get(b) ?? []), a])
    }
  }
  return shared
}
