import type { ComputeType, StoredDType } from '../dtype.js'

/**
 * The kernel language's expressions. A value has a compute type and a lane count: 1, or the target's vector width.
 * Values are immutable trees; a value used twice is evaluated twice unless it is bound with `KernelBuilder.let`.
 * Everything a second emitter (WGSL today, C later) needs is in the tree: no register, opcode or pointer is named here.
 */
export type Value = { readonly type: ComputeType; readonly lanes: number } & (
  | { readonly kind: 'const'; readonly value: number }
  | { readonly kind: 'unary'; readonly op: UnaryOp; readonly a: Value }
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly a: Value; readonly b: Value }
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly a: Value; readonly b: Value }
  | { readonly kind: 'select'; readonly condition: Value; readonly a: Value; readonly b: Value }
  /** a * b + c; one rounding where the target has it, two otherwise. */
  | { readonly kind: 'fma'; readonly a: Value; readonly b: Value; readonly c: Value }
  /** Numeric conversion: float to int truncates and saturates, NaN gives 0; to bool is `!= 0`. */
  | { readonly kind: 'convert'; readonly a: Value }
  /** The same 32 bits under another type. */
  | { readonly kind: 'bitcast'; readonly a: Value }
  | { readonly kind: 'splat'; readonly a: Value }
  | { readonly kind: 'extract'; readonly a: Value; readonly lane: number }
  /** Sum, maximum or minimum over a vector's lanes, pairwise. */
  | { readonly kind: 'reduceLanes'; readonly op: 'add' | 'max' | 'min'; readonly a: Value }
  | { readonly kind: 'local'; readonly local: Local }
  | { readonly kind: 'param'; readonly index: number }
  /** Element(s) starting at `index` of a buffer, converted from its storage dtype to its compute type. */
  | { readonly kind: 'load'; readonly buffer: BufferRef; readonly index: Value }
  /** Lanes picked from two vectors: `order[i]` below the lane count is a lane of `a`, from there on one of `b`. */
  | { readonly kind: 'shuffle'; readonly a: Value; readonly b: Value; readonly order: readonly number[] }
  /** 32 bits a lane from a byte index of a uint8 buffer, which need not be a multiple of anything. */
  | { readonly kind: 'loadPacked'; readonly buffer: BufferRef; readonly index: Value }
  /** Eight int8 from a byte index of a uint8 buffer as int16, two a lane. */
  | { readonly kind: 'loadWidened'; readonly buffer: BufferRef; readonly index: Value }
  /** Two int16 a lane: the sum of their two products, i32. */
  | { readonly kind: 'dotPacked'; readonly a: Value; readonly b: Value }
  /** The result of a function. */
  | { readonly kind: 'call'; readonly func: KernelFunction; readonly args: readonly Value[] }
  /** Index of the worker that runs (i32): for the choice of a worker's own scratch memory, never for a result. */
  | { readonly kind: 'worker' }
)

/** f32 unless said otherwise; neg and abs also i32 and u32 (neg wraps); not: bool; bitNot: i32 and u32. */
export type UnaryOp =
  | 'neg'
  | 'abs'
  | 'sqrt'
  | 'floor'
  | 'ceil'
  | 'trunc'
  | 'roundEven'
  | 'exp'
  | 'log'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'erf'
  | 'not'
  | 'bitNot'

/**
 * add sub mul min max: f32 i32 u32 (integers wrap; a NaN operand of min and max gives NaN).
 * div: f32, and i32/u32 truncating (x/0 is 0, -2^31/-1 wraps). rem: i32/u32 (x%0 is 0; sign of the dividend).
 * and or xor: i32 u32 bool. shl shr: i32 u32, the count modulo 32; shr is arithmetic for i32.
 */
export type BinaryOp = 'add' | 'sub' | 'mul' | 'div' | 'rem' | 'min' | 'max' | 'and' | 'or' | 'xor' | 'shl' | 'shr'

export type CompareOp = 'lt' | 'le' | 'eq' | 'ne' | 'gt' | 'ge'

/** A mutable variable of a kernel. */
export interface Local {
  readonly id: number
  readonly type: ComputeType
  readonly lanes: number
  readonly name: string
}

/**
 * A buffer argument. Offsets into it are counted in elements of its dtype. Two refs with one `index` are one buffer seen
 * under two dtypes.
 */
export interface BufferRef {
  readonly index: number
  readonly name: string
  readonly dtype: StoredDType
  readonly access: 'read' | 'write' | 'readwrite'
}

export type Statement =
  | { readonly kind: 'set'; readonly local: Local; readonly value: Value }
  | { readonly kind: 'store'; readonly buffer: BufferRef; readonly index: Value; readonly value: Value }
  /** for (local = start; local < end; local += step); bounds are evaluated once, i32. */
  | {
      readonly kind: 'for'
      readonly local: Local
      readonly start: Value
      readonly end: Value
      readonly step: Value
      readonly body: readonly Statement[]
    }
  /** A function without a result, or one whose result is not wanted. */
  | { readonly kind: 'call'; readonly func: KernelFunction; readonly args: readonly Value[] }
  | { readonly kind: 'while'; readonly condition: Value; readonly body: readonly Statement[] }
  | {
      readonly kind: 'if'
      readonly condition: Value
      readonly then: readonly Statement[]
      readonly otherwise: readonly Statement[]
    }
  /**
   * The kernel's one parallel loop: the units 0..count are dealt out in consecutive ranges of whole multiples of `grain`;
   * body runs with [begin, end), and not at all for an empty range. Which range falls to which worker never changes a
   * result. Statements outside it are run by every worker; a kernel without it is run by worker 0 alone.
   */
  | {
      readonly kind: 'parallel'
      readonly count: Value
      readonly grain: number
      readonly begin: Local
      readonly end: Local
      readonly body: readonly Statement[]
    }

/**
 * A function of a kernel. It sees its parameters, its own locals, and the kernel's buffers and parameters. A function that
 * returns a value stores nothing. No recursion, no parallel loop.
 */
export interface KernelFunction {
  readonly name: string
  readonly params: readonly Local[]
  readonly body: readonly Statement[]
  /** Evaluated after the body; null: no result. */
  readonly result: Value | null
  /** `call`: always a function of the target's own, with registers of its own. `inline`: a hint to expand it in place. */
  readonly form: 'call' | 'inline'
}

/** A finished kernel: what an emitter turns into machine or shader code. */
export interface KernelCode {
  readonly name: string
  readonly buffers: readonly BufferRef[]
  /** Names of the 32-bit parameters; each is read as i32, or as f32 through `bitcast`. */
  readonly params: readonly string[]
  /** In order of definition: each calls only earlier ones. */
  readonly functions: readonly KernelFunction[]
  readonly body: readonly Statement[]
  readonly localCount: number
}
