import type { Tensor } from '../graph/tensor.js'
import { State, type StateOptions } from '../state/state.js'
import { key, splitKey } from './key.js'

/** A stream of keys in a State: `next()` gives a fresh key and moves on, inside compiled functions too. */
export class RandomState extends State {
  constructor(seed: number, options: StateOptions = {}) {
    super(key(seed), options)
  }

  next(): Tensor {
    const [rest, fresh] = splitKey(this.value, 2) as [Tensor, Tensor]
    this.assign(rest)
    return fresh
  }
}
