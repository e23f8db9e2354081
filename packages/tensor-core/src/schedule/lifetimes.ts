import type { Launch } from './program.js'
import { inputsOf, outputsOf } from './program-builder.js'

/** Indices of the first and last launch that touch a slot. */
export interface Lifetime {
  readonly first: number
  readonly last: number
}

/** The lifetime of every slot that a launch touches. */
export function lifetimesOf(launches: readonly Launch[]): Map<number, Lifetime> {
  const lifetimes = new Map<number, { first: number; last: number }>()
  launches.forEach((launch, index) => {
    for (const { slot } of [...inputsOf(launch), ...outputsOf(launch)]) {
      const life = lifetimes.get(slot)
      if (life) life.last = index
      else lifetimes.set(slot, { first: index, last: index })
    }
  })
  return lifetimes
}
