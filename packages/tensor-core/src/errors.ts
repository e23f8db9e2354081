import { labelOf } from './graph/module-scope.js'

/**
 * Every error of this library: one class a kind of mistake, one form of message:
 * `where: expected ..., got .... What to do.` The parts are fields too, for programs. Inside a module's `forward`, `where`
 * carries the module's path: `matmul (layers.0.mlp.up)`.
 */
export class TensorError extends Error {
  /** The op, module path or function that refused. */
  readonly where: string
  readonly expected: string
  readonly got: string
  /** What to do about it; empty where nothing is known. */
  readonly hint: string

  constructor(where: string, expected: string, got: string, hint = '') {
    const place = labelOf(where)
    super(`${place}: expected ${expected}, got ${got}.${hint ? ` ${hint}` : ''}`)
    this.name = new.target.name
    this.where = place
    this.expected = expected
    this.got = got
    this.hint = hint
  }
}

/** Shapes that do not fit an op. */
export class ShapeError extends TensorError {}
/** A dtype that an op does not take. */
export class DTypeError extends TensorError {}
/** An argument outside its range (an axis, a rate, a count). */
export class ArgumentError extends TensorError {}
/** Tensors of two devices in one op, or a device that is not there. */
export class DeviceError extends TensorError {}
/** A kernel written against the rules of the kernel language. */
export class KernelTypeError extends TensorError {}
/** `grad` reached a node whose sources were dropped when it was realised. */
export class GraphReleasedError extends TensorError {}
/** A lazy tensor reads a version of a State that a later assign has overwritten. */
export class StaleReadError extends TensorError {}
/** A State whose contents were lost when a program failed half-way, or with its device. */
export class StateLostError extends TensorError {}
/** A tensor used after it was disposed. */
export class UseAfterDisposeError extends TensorError {}
/** Something that a compiled function may not do while it is traced. */
export class TraceError extends TensorError {}
/** A compiled function that is traced again and again. */
export class RetraceLimitError extends TensorError {}
/** A program whose plan does not fit in memory. */
export class MemoryLimitError extends TensorError {}
/** A backend that failed while it ran a program, e.g. a dead worker, or that does not open. */
export class BackendError extends TensorError {}
/** A device that was lost (a driver reset, a GPU taken away, memory run out), or a tensor whose memory was lost with it. */
export class DeviceLostError extends TensorError {}
/** A safetensors file that is broken or hostile. */
export class SafetensorsError extends TensorError {}
/** Names or shapes of a state dict that do not match the module. */
export class StateDictError extends TensorError {}

/** Work that was given up because its AbortSignal fired. */
export class AbortError extends Error {
  override readonly name = 'AbortError'
  constructor(where: string) {
    super(`${where}: aborted before it ran.`)
  }
}

/** Two copies of this library in one process: their tensors would not know each other. */
export class DuplicateCoreError extends Error {
  override readonly name = 'DuplicateCoreError'
}
