import type { Device } from '../device.js'
import type { FusedDefinition } from '../fused/fused-definition.js'
import type { OpRecord, TensorSpec } from '../ops/op-record.js'
import type { State } from '../state/state.js'
import type { Storage } from './storage.js'
import type { Tensor } from './tensor.js'

/**
 * How a node's values come to be.
 * `leaf`: a value given by the user or realised (its storage is there). `state`: a version of a State.
 * `placeholder`: an argument of a function that is being traced. `op` and `fused`: computed from inputs.
 */
export type NodeSource =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'state'; readonly state: State; readonly version: number }
  | { readonly kind: 'placeholder' }
  | { readonly kind: 'op'; readonly record: OpRecord; readonly attributes: unknown; readonly inputs: readonly Tensor[] }
  | {
      readonly kind: 'fused'
      readonly definition: FusedDefinition
      readonly attributes: unknown
      readonly inputs: readonly Tensor[]
    }

let nextId = 1

/** One operation of the lazy graph, with all its outputs. */
export class Node {
  readonly id = nextId++
  readonly outputs: readonly TensorSpec[]
  /** null: fits any device (constants and what is computed from them alone). */
  readonly device: Device | null
  /** Op and module path, for messages. */
  readonly label: string
  source: NodeSource
  /** One entry an output once realised; a leaf has them from the start. */
  storage: (Storage | undefined)[]
  /** Set when the node was computed and its sources dropped: ids of the States and leaves it was computed from. */
  released: ReadonlySet<number> | null = null
  /** Why the values will never come: the program that was to compute them failed. */
  failure: unknown = undefined

  constructor(source: NodeSource, outputs: readonly TensorSpec[], device: Device | null, label: string) {
    this.source = source
    this.outputs = outputs
    this.device = device
    this.label = label
    this.storage = new Array(outputs.length).fill(undefined)
  }

  get inputs(): readonly Tensor[] {
    return this.source.kind === 'op' || this.source.kind === 'fused' ? this.source.inputs : []
  }
}
