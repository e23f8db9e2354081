import type { DType } from '../dtype.js'
import type { FusedDefinition } from '../fused/fused-definition.js'
import type { ElementwiseRecord, OpaqueRecord, ReduceCombine } from '../ops/op-record.js'
import type { Shape } from '../shape.js'
import type { View } from '../view.js'

/**
 * A program: kernel launches over named slots, in order. It is what a backend loads, and all it is told.
 * Launches run one after another; each sees what the earlier ones wrote.
 */
export interface Program {
  readonly slots: readonly Slot[]
  readonly launches: readonly Launch[]
  /** Equal keys mean equal programs, up to the buffers bound. */
  readonly key: string
}

export interface Slot {
  readonly dtype: DType
  /** Elements; the bytes follow from the dtype and the backend. */
  readonly size: number
  /** `bound`: a buffer given with `run`, in slot order. `temporary`: the plan's, dead outside [first, last]. */
  readonly role: 'bound' | 'temporary'
  /** Indices of the first and last launch that touch it. */
  readonly first: number
  readonly last: number
}

/** A slot seen through a view. */
export interface Operand {
  readonly slot: number
  readonly dtype: DType
  readonly view: View
}

/** A scalar expression over a launch's inputs, fused from elementwise ops. Shared nodes are shared objects. */
export type Expression =
  | { readonly kind: 'input'; readonly index: number; readonly dtype: DType }
  | { readonly kind: 'constant'; readonly value: number; readonly dtype: DType }
  /** The index along an axis of the iteration shape. */
  | { readonly kind: 'index'; readonly axis: number; readonly dtype: DType }
  | {
      readonly kind: 'apply'
      readonly record: ElementwiseRecord
      readonly attributes: unknown
      readonly args: readonly Expression[]
      readonly dtype: DType
    }

interface LaunchBase {
  /** The op and the module path that asked for it, for error messages and profiles. */
  readonly label: string
}

/** At every index i of `shape`, output j is expression j of the inputs at i. Input views are already broadcast to `shape`. */
export interface MapLaunch extends LaunchBase {
  readonly kind: 'map'
  readonly shape: Shape
  readonly inputs: readonly Operand[]
  readonly expressions: readonly Expression[]
  readonly outputs: readonly Operand[]
}

/**
 * Elementwise work on a launch's only result before it is stored, in float32. `expression` takes the result as input 0 and
 * the launch's inputs from number `from` on, which have the output's shape, as inputs 1, 2, ... It reads no index. Each of
 * them stands at the element's own place, or repeats over all axes or all but the last.
 */
export interface Epilogue {
  readonly expression: Expression
  readonly from: number
}

/**
 * output = combine over the last `reduced` axes of `shape` of expression(inputs). The output's view has the leading axes'
 * shape. An empty reduction gives 0 for sum, -Infinity (or the dtype's least) for max, and the opposite for min.
 */
export interface ReduceLaunch extends LaunchBase {
  readonly kind: 'reduce'
  readonly shape: Shape
  readonly reduced: number
  readonly combine: ReduceCombine
  readonly inputs: readonly Operand[]
  readonly expression: Expression
  readonly output: Operand
  readonly epilogue?: Epilogue
}

/** One op with a kernel of its own. Outputs are contiguous; inputs too unless the record is `strided`. */
export interface OpLaunch extends LaunchBase {
  readonly kind: 'op'
  readonly record: OpaqueRecord
  readonly attributes: unknown
  readonly inputs: readonly Operand[]
  readonly outputs: readonly Operand[]
  /** Only where the record `takesEpilogue`. */
  readonly epilogue?: Epilogue
}

/** A fused op that the backend said it supports. */
export interface FusedLaunch extends LaunchBase {
  readonly kind: 'fused'
  readonly definition: FusedDefinition
  readonly attributes: unknown
  readonly inputs: readonly Operand[]
  readonly outputs: readonly Operand[]
}

export type Launch = MapLaunch | ReduceLaunch | OpLaunch | FusedLaunch
