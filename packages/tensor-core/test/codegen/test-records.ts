import type { DType } from '../../src/dtype.js'
import { computeTypeOf } from '../../src/dtype.js'
import * as v from '../../src/kernel/expressions.js'
import type { Value } from '../../src/kernel/value.js'
import type { ElementwiseRecord } from '../../src/ops/op-record.js'
import type { Expression } from '../../src/schedule/program.js'

/** A few elementwise ops of the tests' own: the generated kernels must not depend on the library's. */
function record(
  name: string,
  reference: (...inputs: number[]) => number,
  kernel: (...inputs: Value[]) => Value,
): ElementwiseRecord {
  return {
    kind: 'elementwise',
    name,
    infer: (inputs) => [inputs[0] as never],
    reference: (inputs) => reference(...inputs),
    kernel: (inputs) => kernel(...inputs),
    vjp: null,
  }
}

/** Exact where integers wrap: a double would have lost the low bits. */
const times = (a: number, b: number): number => (Math.abs(a * b) > 2 ** 53 ? Math.imul(a, b) : a * b)

export const ADD = record('add', (a, b) => a + b, v.add)
export const SUB = record('sub', (a, b) => a - b, v.sub)
export const MUL = record('mul', times, v.mul)
export const MAX = record('max', (a, b) => Math.max(a, b), v.max)
export const NEG = record('neg', (a) => -a, v.neg)
export const EXP = record('exp', Math.exp, v.exp)
export const LESS = record('less', (a, b) => Number(a < b), v.lt)
export const WHERE = record('where', (c, a, b) => (c ? a : b), v.select)
export const CLAMP = record(
  'clamp',
  (a) => Math.min(3, Math.max(-3, a)),
  (a) => v.min(v.max(a, -3), 3),
)
/** Its kernel reads the operand three times: operands must be bound. */
export const CUBE = record(
  'cube',
  (a) => times(times(a, a), a),
  (a) => v.mul(v.mul(a, a), a),
)
export const CAST: ElementwiseRecord = {
  ...record(
    'cast',
    (a) => a,
    (a) => a,
  ),
  reference: ([a]) => a as number,
  kernel: ([a], _, output: DType) => v.convert(a as Value, computeTypeOf(output)),
}

export const input = (index: number, dtype: DType = 'float32'): Expression => ({ kind: 'input', index, dtype })
export const constant = (value: number, dtype: DType = 'float32'): Expression => ({ kind: 'constant', value, dtype })
export const index = (axis: number, dtype: DType = 'int32'): Expression => ({ kind: 'index', axis, dtype })
export function call(op: ElementwiseRecord, args: readonly Expression[], dtype?: DType): Expression {
  return {
    kind: 'apply',
    record: op,
    attributes: undefined,
    args,
    dtype: dtype ?? (args[args.length - 1] as Expression).dtype,
  }
}
