import { currentTrace } from '../compile/trace.js'
import { currentDevice } from '../default-device.js'
import type { Device } from '../device.js'
import { type DType, dtypeName } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import { labelOf } from '../graph/module-scope.js'
import { Node } from '../graph/node.js'
import type { DeviceStorage } from '../graph/storage.js'
import { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { cast } from '../ops/cast.js'
import { checkShape } from '../ops/check-shape.js'
import { expand } from '../ops/expand.js'
import { formatShape, type Shape, sameShape } from '../shape.js'
import { nextProgramOrder } from './pending-assign.js'

let nextStateId = 1

export interface StateOptions {
  readonly device?: Device
  readonly name?: string
}

/**
 * A cell that holds a value across programs: a parameter, a moment, a cache, a random key. Reading it captures the version
 * that is current then; `assign` starts the next one. The buffer belongs to the cell alone.
 */
export class State {
  readonly id = nextStateId++
  readonly shape: Shape
  readonly dtype: DType
  /** Changed by `to` of its module or optimiser. */
  device: Device
  /** For messages; modules set it to the parameter's path. */
  name: string
  /** The version that a read captures now. */
  version = 0
  /** The version that the buffer holds; -1 before the first assign has run. */
  executedVersion = -1
  /** undefined until the first assign has run. Of a backend that is gone where the device was lost since. */
  storage: DeviceStorage | undefined = undefined
  /** Why the contents are gone: the program that was to write them failed after it had started. */
  lost: unknown = undefined
  private current: Tensor

  /** A cell with a first value (copied), or one with a shape and dtype that holds nothing until it is assigned. */
  constructor(initial: Tensor | { readonly shape: Shape; readonly dtype?: DType }, options: StateOptions = {}) {
    checkShape('State', initial.shape)
    this.shape = initial.shape
    this.dtype = initial.dtype ?? 'float32'
    const own = initial instanceof Tensor ? initial.device : null
    this.device = options.device ?? own ?? currentDevice()
    this.name = options.name ?? `state ${this.id}`
    this.current = this.readNode()
    currentTrace()?.refuseNewState(this)
    if (initial instanceof Tensor) this.assign(initial)
  }

  /** The value as it is now, lazily: later assigns do not change what this tensor means. */
  get value(): Tensor {
    return currentTrace()?.readState(this) ?? this.current
  }

  /** Makes `value` the next version, in program order. Shapes broadcast, dtypes convert between floats. */
  assign(value: TensorLike): void {
    const where = labelOf(`${this.name}.assign`)
    let tensor = asTensor(value)
    tensor.checkAlive(where)
    if (!sameShape(tensor.shape, this.shape)) {
      if (tensor.rank > 0) throw new ShapeError(where, `shape ${formatShape(this.shape)}`, formatShape(tensor.shape))
      tensor = expand(tensor, this.shape)
    }
    if (tensor.dtype !== this.dtype) {
      if (typeof value !== 'number') {
        throw new DTypeError(
          where,
          dtypeName(this.dtype),
          dtypeName(tensor.dtype),
          `Convert it with .cast('${dtypeName(this.dtype)}').`,
        )
      }
      tensor = cast(tensor, this.dtype)
    }
    const trace = currentTrace()
    if (trace) {
      trace.assignState(this, tensor)
      return
    }
    this.version++
    this.current = this.readNode()
    this.device.pendingAssigns.push({ order: nextProgramOrder(), state: this, version: this.version, value: tensor })
  }

  /** Announces the version that a compiled program will write: reads from now on mean that one. */
  advance(): void {
    this.version++
    this.current = this.readNode()
  }

  /** Takes its place on another device, with the value that was copied there. */
  moveTo(device: Device, storage: DeviceStorage | undefined): void {
    this.device = device
    this.storage = storage
    // A new version: what read the old place does not mean this one.
    if (storage) this.executedVersion = ++this.version
    this.current = this.readNode()
  }

  toString(): string {
    return `State(${this.name}, ${formatShape(this.shape)}, ${dtypeName(this.dtype)})`
  }

  private readNode(): Tensor {
    const source = { kind: 'state', state: this, version: this.version } as const
    return new Tensor(new Node(source, [{ shape: this.shape, dtype: this.dtype }], this.device, `read ${this.name}`), 0)
  }
}
