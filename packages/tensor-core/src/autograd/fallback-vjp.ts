import { isFloat } from '../dtype.js'
import type { FusedDefinition } from '../fused/fused-definition.js'
import { Tensor } from '../graph/tensor.js'
import type { VjpContext } from '../ops/op-record.js'
import { cutFromSources } from './cut-from-sources.js'
import { vjpOf } from './grad.js'

/** The gradient of a fused op without a rule of its own: its fallback, computed again from the inputs, differentiated. */
export function fallbackVjp(definition: FusedDefinition, context: VjpContext<unknown>): (Tensor | null)[] {
  // Cut from what they came from: an input that another input was computed from must not be counted twice.
  const inputs = context.inputs.map(cutFromSources)
  const meaning = definition.fallback(inputs, context.attributes)
  const outputs = meaning instanceof Tensor ? [meaning] : meaning
  const pairs = outputs.flatMap((y, i) => {
    const cotangent = context.cotangents[i]
    return cotangent ? [[y, cotangent] as const] : []
  })
  const floats = inputs.filter((x) => isFloat(x.dtype))
  const gradients = vjpOf(pairs, floats, inputs)
  let next = 0
  return inputs.map((x) => (isFloat(x.dtype) ? (gradients[next++] as Tensor) : null))
}
