import { buildFunction, type KernelBuilder } from '../kernel-builder.js'
import type { KernelFunction, UnaryOp, Value } from '../value.js'
import { erf } from './erf.js'
import { exp } from './exp.js'
import { log } from './log.js'
import { cos, sin } from './sin-cos.js'
import { tanh } from './tanh.js'

/**
 * The unary operations that no instruction set here has, written in the kernel language: one source for scalars and
 * vectors, and the same operations in both, so an element's bits do not depend on its place.
 */
const MATH = { exp, log, sin, cos, tanh, erf } as const satisfies {
  [O in UnaryOp]?: (k: KernelBuilder, x: Value) => Value
}

export type MathOp = keyof typeof MATH

export const isMathOp = (op: UnaryOp): op is MathOp => op in MATH

const built = new Map<string, KernelFunction>()

/** The function of one argument that computes a math operation on values of so many lanes. */
export function mathFunction(op: MathOp, lanes: number): KernelFunction {
  const name = lanes === 1 ? op : `${op}${lanes}`
  let func = built.get(name)
  if (!func) {
    func = buildFunction(name, [{ name: 'x', type: 'f32', lanes }], MATH[op])
    built.set(name, func)
  }
  return func
}
