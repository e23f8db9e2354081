import type { DType } from '../dtype.js'
import { dtypeName, isBlock, isFloat, isInteger } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import type { Value } from '../kernel/value.js'
import { formatShape, sameShape } from '../shape.js'
import type { ElementwiseRecord, TensorSpec, VjpContext } from './op-record.js'

/** Which dtypes an elementwise op takes. Block formats are decoded with `cast` first. */
export type Domain = 'float' | 'number' | 'integer' | 'bits' | 'bool' | 'any'

const DOMAINS: Readonly<Record<Domain, { text: string; has(dtype: DType): boolean }>> = {
  float: { text: 'a float dtype', has: isFloat },
  number: { text: 'a numeric dtype', has: (d) => d !== 'bool' },
  integer: { text: 'an integer dtype', has: (d) => isInteger(d) },
  bits: { text: 'an integer dtype or bool', has: (d) => !isFloat(d) },
  bool: { text: 'bool', has: (d) => d === 'bool' },
  any: { text: 'a scalar dtype', has: () => true },
}

export function checkDomain(where: string, domain: Domain, dtype: DType): void {
  if (isBlock(dtype)) {
    throw new DTypeError(where, DOMAINS[domain].text, dtypeName(dtype), "Decode it with .cast('float32').")
  }
  if (!DOMAINS[domain].has(dtype)) {
    const hint = domain === 'float' || domain === 'number' ? "Convert it with .cast('float32')." : ''
    throw new DTypeError(where, DOMAINS[domain].text, dtypeName(dtype), hint)
  }
}

interface ElementwiseOptions<A> {
  readonly name: string
  readonly domain: Domain
  /** dtype of the result; default: that of the inputs. */
  readonly output?: DType
  reference(inputs: readonly number[], attributes: A, output: DType): number
  kernel(inputs: readonly Value[], attributes: A, output: DType): Value
  readonly vjp: ((context: VjpContext<A>) => readonly (Tensor | null)[]) | null
}

/**
 * Record of an op on operands of one shape and one dtype. The functions that users call broadcast and promote first, so
 * that a record never has to.
 */
export function defineElementwise<A = undefined>(options: ElementwiseOptions<A>): ElementwiseRecord<A> {
  return {
    kind: 'elementwise',
    name: options.name,
    infer(inputs) {
      const first = inputs[0] as TensorSpec
      for (const input of inputs) {
        checkDomain(options.name, options.domain, input.dtype)
        if (!sameShape(input.shape, first.shape)) {
          throw new ShapeError(options.name, `operands of shape ${formatShape(first.shape)}`, formatShape(input.shape))
        }
        if (input.dtype !== first.dtype) {
          throw new DTypeError(options.name, `operands of ${dtypeName(first.dtype)}`, dtypeName(input.dtype))
        }
      }
      return [{ shape: first.shape, dtype: options.output ?? first.dtype }]
    },
    reference: options.reference,
    kernel: options.kernel,
    vjp: options.vjp,
  }
}
