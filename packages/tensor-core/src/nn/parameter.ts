import type { Tensor } from '../graph/tensor.js'
import type { Shape } from '../shape.js'
import { State, type StateOptions } from '../state/state.js'
import type { Initializer } from './initializers.js'

/** A State that is learned. It holds nothing until its module's `init`, `loadStateDict` or an assign gives it a value. */
export class Parameter extends State {
  readonly initializer: Initializer
  /** False: optimisers leave it alone. Changed through the module, which lets compiled functions know. */
  trainable = true

  constructor(
    shape: Shape,
    initializer: Initializer,
    options: StateOptions & { readonly dtype?: Tensor['dtype'] } = {},
  ) {
    super({ shape, ...(options.dtype ? { dtype: options.dtype } : {}) }, options)
    this.initializer = initializer
  }
}
