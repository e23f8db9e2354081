import type { State } from '@almanac/tensor-core'
import type { Module } from '@almanac/tensor-core/nn'
import type { Optimizer } from './optimizer.js'

/** The prefix of the model's own States in a checkpoint. */
export const MODEL_PREFIX = 'model.'

/**
 * Everything a training run keeps between updates, by its name in checkpoints: the model's States, the optimiser's, and
 * others (a random key outside the model). A State that stands in two places comes once.
 */
export function trainingStates(
  model: Module,
  optimizer: Pick<Optimizer, 'namedStates'>,
  others: Iterable<readonly [name: string, state: State]> = [],
): Map<string, State> {
  // Optimisers name their States after the parameters, which have their paths only from here on.
  model.nameParts()
  const seen = new Set<State>()
  const named = new Map<string, State>()
  const collect = (prefix: string, states: Iterable<readonly [string, State]>) => {
    for (const [name, state] of states) {
      if (seen.has(state)) continue
      seen.add(state)
      named.set(prefix + name, state)
    }
  }
  collect(MODEL_PREFIX, model.namedStates())
  collect('optimizer.', optimizer.namedStates())
  collect('other.', others)
  return named
}
