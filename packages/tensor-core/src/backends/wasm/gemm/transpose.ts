import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { Value } from '../../../kernel/value.js'

/** Four vectors of four lanes as rows of a square, and back as its columns. */
export function transpose(k: KernelBuilder, rows: readonly Value[]): Value[] {
  const [r0, r1, r2, r3] = rows as [Value, Value, Value, Value]
  const low = [0, 4, 1, 5]
  const high = [2, 6, 3, 7]
  const a = k.let(v.shuffle(r0, r2, low))
  const b = k.let(v.shuffle(r1, r3, low))
  const c = k.let(v.shuffle(r0, r2, high))
  const d = k.let(v.shuffle(r1, r3, high))
  return [v.shuffle(a, b, low), v.shuffle(a, b, high), v.shuffle(c, d, low), v.shuffle(c, d, high)]
}
