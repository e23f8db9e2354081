import type { ScalarDType } from '../dtype.js'
import type { TensorSpec } from '../ops/op-record.js'

/** A `supports` for kernels that take these dtypes only; float32 for every input that is not named. */
export function takesDTypes(named: Readonly<Record<number, ScalarDType>> = {}) {
  return (inputs: readonly TensorSpec[]): boolean => inputs.every(({ dtype }, i) => dtype === (named[i] ?? 'float32'))
}
