import type { Tensor } from '../graph/tensor.js'
import { currentTrace } from './trace.js'

/**
 * Names a value inside a compiled function so that it comes out beside the result (`step.observed()`); returns it.
 * Outside of a trace it does nothing.
 */
export function observe(name: string, tensor: Tensor): Tensor {
  currentTrace()?.observed.set(name, tensor)
  return tensor
}
