import type { Tensor } from '../graph/tensor.js'
import type { TensorSpec, ViewRecord } from './op-record.js'

export interface GradientLink {
  /** How many of the node's inputs are the values themselves; the rest are what the gradient is taken by. */
  readonly values: number
  /** Gradients of the rest, from the cotangents of the values (zeros where none came), the linked values and the rest. */
  backward(
    cotangents: readonly Tensor[],
    values: readonly Tensor[],
    rest: readonly Tensor[],
  ): readonly (Tensor | null)[]
}

/**
 * Values computed elsewhere, tied to inputs by a gradient rule of their own: what customVjp stands on.
 * Output i is input i; gradients do not flow into it but through the rule into the inputs after the values.
 */
export const gradientLinkRecord: ViewRecord<GradientLink> = {
  kind: 'view',
  name: 'gradientLink',
  infer: (inputs, { values }) => inputs.slice(0, values) as TensorSpec[],
  view: (input) => input,
  vjp({ cotangents, inputs, outputs, attributes: { values, backward } }) {
    const dense = cotangents.map((cotangent, i) => cotangent ?? (outputs[i] as Tensor).zerosLike())
    return [...new Array<null>(values).fill(null), ...backward(dense, outputs, inputs.slice(values))]
  },
}
