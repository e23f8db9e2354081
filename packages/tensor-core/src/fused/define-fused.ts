import { applyFused } from '../graph/apply.js'
import { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { State } from '../state/state.js'
import type { FusedDefinition } from './fused-definition.js'

/** Arguments of a fused op: tensors first, then, where it has options, one plain object. */
type FusedArguments = readonly (Tensor | object)[]

/** The same arguments as callers may give them: anything that reads as a tensor in a tensor's place. */
type Loose<Args extends FusedArguments> = { [K in keyof Args]: Args[K] extends Tensor ? TensorLike : Args[K] }

export interface FusedSpec<Args extends FusedArguments, Result extends Tensor | readonly Tensor[], Attributes>
  extends Omit<FusedDefinition<Attributes>, 'fallback'> {
  /** The meaning of the op, in primitives or other fused ops; it checks shapes and dtypes as well. */
  readonly fallback: (...args: Args) => Result
}

/** A fused op: a function of its arguments, with its definition for tests and backends. */
export interface FusedOp<Args extends FusedArguments, Result> {
  (...args: Loose<Args>): Result
  readonly definition: FusedDefinition
}

/**
 * A fused op: an acceleration of a composition, never its definition. `fallback` gives meaning, shapes, the oracle of its
 * tests and, without a `vjp`, the gradient (computed again from the inputs). Kernels are loaded when a program first needs
 * them; a backend without one runs the fallback. Any package can define one.
 */
export function defineFused<
  Args extends FusedArguments,
  Result extends Tensor | readonly Tensor[],
  Attributes = undefined,
>(spec: FusedSpec<Args, Result, Attributes>): FusedOp<Args, Result> {
  const meaning = spec.fallback as unknown as (...args: unknown[]) => Result
  const definition: FusedDefinition<Attributes> = {
    ...spec,
    fallback: (inputs, attributes) => meaning(...inputs, ...(attributes === undefined ? [] : [attributes])),
  }
  const op = (...args: unknown[]): Result => {
    const inputs: Tensor[] = []
    let attributes: unknown
    for (const arg of args) {
      if (arg instanceof Tensor || arg instanceof State || typeof arg === 'number') inputs.push(asTensor(arg))
      else attributes = arg
    }
    const { outputs, several } = applyFused(definition, inputs, attributes as Attributes)
    return (several ? outputs : outputs[0]) as Result
  }
  return Object.assign(op as FusedOp<Args, Result>, { definition })
}
