import { applyAll } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { gradientLinkRecord } from '../ops/gradient-link.js'
import { stopGradient } from '../ops/stop-gradient.js'
import type { State } from '../state/state.js'
import { cutFromSources } from './cut-from-sources.js'
import { vjpOf } from './grad.js'

/**
 * fn whose intermediates are not kept for the gradient but computed again from its inputs: memory for time.
 * Chen et al. 2016, "Training deep nets with sublinear memory cost", arXiv 1604.06174. `wrt` names the States (a module's
 * parameters) that fn reads; without it they would get no gradient.
 */
export function checkpoint(
  fn: (...inputs: Tensor[]) => Tensor,
  wrt: readonly (State | Tensor)[] = [],
): (...inputs: TensorLike[]) => Tensor {
  return (...likes) => {
    const inputs = likes.map(asTensor)
    const captured = wrt.map(asTensor)
    const all = [...inputs, ...captured]
    const value = fn(...inputs.map((x) => stopGradient(x)))
    const [output] = applyAll(gradientLinkRecord, [value, ...all], {
      values: 1,
      backward([dy]) {
        // Cut from what they came from, so that nothing upstream is counted twice.
        const cut = inputs.map(cutFromSources)
        return vjpOf([[fn(...cut), dy as Tensor]], [...cut, ...captured], cut)
      },
    })
    return output as Tensor
  }
}
