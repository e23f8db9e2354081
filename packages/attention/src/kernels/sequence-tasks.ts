import * as v from '@almanac/tensor-core/kernel'
import { type FlashParams, KEYS, ROWS, type ScratchLayout, type TaskOf } from './flash-launch.js'

/** A sequence, as its row of `sequences` says it. */
export interface Sequence {
  /** Where the row begins. */
  readonly row: v.Value
  /** Its first query. */
  readonly query0: v.Value
  /** Its queries times the heads of a group: the rows of each of its kv heads. */
  readonly rows: v.Value
  /** Its keys, as far as there are places for them. */
  readonly keys: v.Value
}

/** Reads a sequence's row; what it says beyond the buffers is cut off. */
export function readSequence(k: v.KernelBuilder, p: FlashParams, sequences: v.BufferRef, s: v.Value): Sequence {
  const row = k.let(v.mul(s, p.width), 'row')
  const at = (i: number) => k.load(sequences, v.add(row, i))
  const query0 = k.let(v.min(v.max(at(0), 0), p.queries), 'query0')
  const queryEnd = v.min(v.max(at(1), query0), p.queries)
  const room = v.mul(v.sub(p.width, 3), p.blockSize)
  return {
    row,
    query0,
    rows: k.let(v.mul(v.sub(queryEnd, query0), p.group), 'rows'),
    keys: k.let(v.max(v.min(at(2), room), 0), 'keys'),
  }
}

export interface Task<Name extends string> extends Sequence {
  readonly kvHead: v.Value
  /** The part of the head's rows or keys. */
  readonly part: v.Value
  readonly scratch: Record<Name, v.Value>
}

/**
 * The parallel loop over tasks: (sequence, kv head, part), in this order. Parts of a head are taken from both ends in turn,
 * because late queries see more keys than early ones and every worker gets a run of neighbours.
 */
export function forEachTask<Name extends string>(
  k: v.KernelBuilder,
  p: FlashParams,
  layout: ScratchLayout<Name>,
  { of, sequences }: { readonly of: TaskOf; readonly sequences: v.BufferRef },
  body: (task: Task<Name>) => void,
): void {
  const block = of === 'rows' ? ROWS : KEYS
  /** Parts of a head of the sequence. One without queries still has keys, whose gradients are zeros. */
  const partsOf = ({ rows, keys }: Sequence): v.Value => {
    if (of === 'head') return v.i32(1)
    const perTask = v.mul(p.perTask, block)
    return v.div(v.add(of === 'rows' ? rows : keys, v.sub(perTask, 1)), perTask)
  }
  const countOf = k.func('tasksOf', [{ name: 's', type: 'i32' }], (s) =>
    k.let(v.mul(partsOf(readSequence(k, p, sequences, s as v.Value)), p.kvHeads)),
  )
  const counted = k.variable(v.i32(0), 'total')
  k.for(0, p.sequences, (s) => counted.set(v.add(counted.get(), v.call(countOf, [s]))))
  const total = k.let(counted.get(), 'total')
  const perSlot = k.let(v.div(v.add(total, v.sub(p.slots, 1)), v.max(p.slots, 1)), 'perSlot')

  k.parallel(v.min(p.slots, total), (slot) => {
    const places = layout.places(k, k.let(v.mul(v.worker(), p.floats)), p)
    const first = k.let(v.mul(slot, perSlot))
    const s = k.variable(v.i32(0), 's')
    /** Tasks before those of s. */
    const before = k.variable(v.i32(0), 'before')
    const own = k.variable(v.i32(0), 'own')
    k.if(v.lt(first, total), () => own.set(v.call(countOf, [v.i32(0)])))
    k.for(first, v.min(v.add(first, perSlot), total), (at) => {
      k.while(
        () => v.ge(at, v.add(before.get(), own.get())),
        () => {
          before.set(v.add(before.get(), own.get()))
          s.set(v.add(s.get(), 1))
          own.set(v.call(countOf, [s.get()]))
        },
      )
      const sequence = readSequence(k, p, sequences, s.get())
      const parts = k.let(partsOf(sequence), 'parts')
      const local = k.let(v.sub(at, before.get()), 'local')
      const kvHead = k.let(v.div(local, parts), 'kvHead')
      const turn = k.let(v.sub(local, v.mul(kvHead, parts)))
      const half = k.let(v.shr(turn, 1))
      const part = k.let(v.select(v.eq(v.and(turn, v.i32(1)), 0), v.sub(v.sub(parts, 1), half), half), 'part')
      body({ ...sequence, kvHead, part, scratch: places })
    })
  })
}
