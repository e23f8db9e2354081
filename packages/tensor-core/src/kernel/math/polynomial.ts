import { f32, fma, splat } from '../expressions.js'
import type { Value } from '../value.js'

/** c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule. The coefficients of this folder are float32 minimax fits. */
export function polynomial(x: Value, coefficients: readonly number[]): Value {
  let sum = splat(f32(coefficients.at(-1) as number), x.lanes)
  for (const coefficient of coefficients.slice(0, -1).reverse()) sum = fma(sum, x, f32(coefficient))
  return sum
}
