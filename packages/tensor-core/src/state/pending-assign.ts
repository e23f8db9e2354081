import type { Tensor } from '../graph/tensor.js'
import type { State } from './state.js'

/** An assign in the order of the program: `state` has `version` once `value` was written to it. */
export interface PendingAssign {
  readonly order: number
  readonly state: State
  readonly version: number
  readonly value: Tensor
}

let order = 0

/** The place in program order of what is asked for now; assigns made later have a higher one. */
export function programOrder(): number {
  return order
}

export function nextProgramOrder(): number {
  return ++order
}
