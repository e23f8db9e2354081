import { ArgumentError } from '../errors.js'
import { applyAll } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { gradientLinkRecord } from '../ops/gradient-link.js'
import { stopGradient } from '../ops/stop-gradient.js'

/** Gradients of the inputs from the inputs, the output and its cotangent; null for none. */
export type BackwardRule = (context: {
  inputs: readonly Tensor[]
  output: Tensor
  dy: Tensor
}) => readonly (Tensor | null)[]

/** A function with a gradient rule of its own in place of the derived one. Only the inputs given to it get gradients. */
export function customVjp(
  forward: (...inputs: Tensor[]) => Tensor,
  backward: BackwardRule,
): (...inputs: TensorLike[]) => Tensor {
  return (...likes) => {
    const inputs = likes.map(asTensor)
    const value = forward(...inputs.map((x) => stopGradient(x)))
    const [output] = applyAll(gradientLinkRecord, [value, ...inputs], {
      values: 1,
      backward([dy], [y], own) {
        const gradients = backward({ inputs: own, output: y as Tensor, dy: dy as Tensor })
        if (gradients.length !== inputs.length) {
          throw new ArgumentError('customVjp', `${inputs.length} gradients, one an input`, `${gradients.length}`)
        }
        return gradients
      },
    })
    return output as Tensor
  }
}
