/** |actual - expected| <= atol + rtol * |expected|. */
export interface Tolerance {
  readonly rtol: number
  readonly atol: number
}

/**
 * What kind of arithmetic made the numbers:
 * elementwise (one rounding or two), transcendental (exp, tanh, erf...), reduction (sums along an axis),
 * matmul (inner products), fused (norms, softmax, attention, optimiser steps: several of these in a row),
 * rounded (products with packed weights, for which activations are rounded to 16 bits a block: each is off by up to 2^-16 of
 * its block's largest, so that a sum of 100 products of order one is off by some 3e-4).
 */
export type OpClass = 'elementwise' | 'transcendental' | 'reduction' | 'matmul' | 'fused' | 'rounded'

type FloatDType = 'float64' | 'float32' | 'float16' | 'bfloat16'
export type ToleranceDType = FloatDType | 'int32' | 'uint32' | 'int8' | 'uint8' | 'bool'

const EXACT: Tolerance = { rtol: 0, atol: 0 }

const sameForAll = (tolerance: Tolerance): Readonly<Record<OpClass, Tolerance>> => ({
  elementwise: tolerance,
  transcendental: tolerance,
  reduction: tolerance,
  matmul: tolerance,
  fused: tolerance,
  rounded: tolerance,
})

/** The only tolerances of the project's tests. float16 and bfloat16 are dominated by the rounding of what is stored. */
const TABLE: { readonly [D in FloatDType]: Readonly<Record<OpClass, Tolerance>> } = {
  float64: {
    elementwise: { rtol: 1e-15, atol: 1e-15 },
    transcendental: { rtol: 1e-14, atol: 1e-14 },
    reduction: { rtol: 1e-13, atol: 1e-13 },
    matmul: { rtol: 1e-12, atol: 1e-12 },
    fused: { rtol: 1e-12, atol: 1e-12 },
    rounded: { rtol: 1e-12, atol: 1e-12 },
  },
  float32: {
    elementwise: { rtol: 1e-6, atol: 2e-6 },
    transcendental: { rtol: 2e-6, atol: 1e-6 },
    reduction: { rtol: 2e-5, atol: 2e-5 },
    matmul: { rtol: 2e-5, atol: 2e-5 },
    fused: { rtol: 2e-5, atol: 2e-5 },
    rounded: { rtol: 2e-5, atol: 1e-3 },
  },
  float16: sameForAll({ rtol: 1e-3, atol: 1e-3 }),
  bfloat16: sameForAll({ rtol: 1e-2, atol: 1e-2 }),
}

/**
 * The tolerance for results of a dtype and op class. Inputs are expected to be of order one. Integers and booleans are exact.
 */
export function toleranceFor(dtype: ToleranceDType, opClass: OpClass): Tolerance {
  return dtype in TABLE ? TABLE[dtype as FloatDType][opClass] : EXACT
}

/**
 * Gradients in float64 against central differences with a step of 2^-17: the differences themselves are off by about
 * 1e-11 of the third derivative, plus 1e-11 of rounding.
 */
export const GRADCHECK_TOLERANCE: Tolerance = { rtol: 1e-6, atol: 1e-8 }

/** A float64 run against PyTorch's float64 goldens, which are printed to nine digits. */
export const GOLDEN_TOLERANCE: Tolerance = { rtol: 1e-8, atol: 1e-8 }
