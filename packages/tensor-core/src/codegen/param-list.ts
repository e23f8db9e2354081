import { floatBits } from '../float-bits.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { Value } from '../kernel/value.js'

/** A kernel's parameters, listed once: their values for the launch, and their declarations for the code. */
export interface ParamList {
  readonly values: readonly number[]
  /** Adds an integer parameter and returns its position. */
  add(name: string, value: number): number
  addFloat(name: string, value: number): number
  /** One integer parameter for each value. */
  addAll(name: string, values: readonly number[]): number[]
  /** Declares all of them; the result is indexed by position. */
  declare(k: KernelBuilder): Value[]
}

export function paramList(): ParamList {
  const values: number[] = []
  const declarations: { name: string; float: boolean }[] = []
  const push = (name: string, float: boolean, bits: number): number => {
    declarations.push({ name, float })
    return values.push(bits) - 1
  }
  const list: ParamList = {
    values,
    add: (name, value) => push(name, false, value | 0),
    addFloat: (name, value) => push(name, true, floatBits(value)),
    addAll: (name, all) => all.map((value, i) => list.add(`${name}${i}`, value)),
    declare: (k) => declarations.map(({ name, float }) => (float ? k.paramF32(name) : k.param(name))),
  }
  return list
}
