import { ArgumentError, ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import type { Module } from '../nn/module.js'
import type { Parameter } from '../nn/parameter.js'
import { formatShape, sameShape } from '../shape.js'

/** What an optimiser takes: a module's trainable parameters, or a list. */
export function trainedParameters(where: string, owner: Module | readonly Parameter[]): readonly Parameter[] {
  const list = Array.isArray(owner) ? (owner as readonly Parameter[]) : (owner as Module).parameters()
  if (list.length === 0) throw new ArgumentError(where, 'at least one trainable parameter', 'none')
  return list
}

/** One gradient a parameter, of its shape. Throws ArgumentError, ShapeError. */
export function checkGradients(where: string, parameters: readonly Parameter[], gradients: readonly Tensor[]): void {
  if (gradients.length !== parameters.length) {
    throw new ArgumentError(
      where,
      `${parameters.length} gradients, one a parameter`,
      `${gradients.length}`,
      'Pass grad(loss, model.parameters()).',
    )
  }
  parameters.forEach((parameter, i) => {
    const { shape } = gradients[i] as Tensor
    if (!sameShape(shape, parameter.shape)) {
      throw new ShapeError(
        where,
        `a gradient of shape ${formatShape(parameter.shape)} for ${parameter.name}`,
        formatShape(shape),
      )
    }
  })
}
