import { tensorFromBytes } from '../create.js'
import { dtypeName } from '../dtype.js'
import { StateDictError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { realizeAll } from '../realize/realize.js'
import { formatShape, sameShape } from '../shape.js'
import type { State } from '../state/state.js'
import type { Module } from './module.js'

/** Values by name, as checkpoints hold them. */
export type StateDict = ReadonlyMap<string, Tensor>

/** The module's States (each once) as host copies, by path. */
export async function stateDict(module: Module): Promise<Map<string, Tensor>> {
  const named = distinctStates(module)
  await realizeAll(named.map(([, state]) => state.value))
  const result = new Map<string, Tensor>()
  for (const [name, state] of named) {
    result.set(name, tensorFromBytes(await state.value.bytes(), state.shape, state.dtype))
  }
  return result
}

/**
 * Assigns every State of the module from a dict. Names, shapes and float-ness must match exactly, else StateDictError lists
 * what is missing, unexpected or of another shape; nothing is assigned then.
 */
export function loadStateDict(module: Module, dict: StateDict): void {
  module.nameParts()
  const named = distinctStates(module)
  const names = new Set(named.map(([name]) => name))
  const missing = named.map(([name]) => name).filter((name) => !dict.has(name))
  const unexpected = [...dict.keys()].filter((name) => !names.has(name))
  const wrong = named.flatMap(([name, state]) => {
    const value = dict.get(name)
    if (!value || sameShape(value.shape, state.shape)) return []
    return [`${name} ${formatShape(value.shape)} for ${formatShape(state.shape)}`]
  })
  if (missing.length + unexpected.length + wrong.length > 0) {
    const list = (label: string, items: string[]) =>
      items.length === 0
        ? []
        : [`${label}: ${items.slice(0, 5).join(', ')}${items.length > 5 ? ` and ${items.length - 5} more` : ''}`]
    throw new StateDictError(
      'loadStateDict',
      `the ${names.size} names and shapes of ${module.constructor.name}`,
      [...list('missing', missing), ...list('unexpected', unexpected), ...list('other shapes', wrong)].join('; '),
      'Check that the file is of this model and its names are mapped.',
    )
  }
  for (const [name, state] of named) {
    const value = dict.get(name) as Tensor
    state.assign(dtypeName(value.dtype) === dtypeName(state.dtype) ? value : value.cast(state.dtype))
  }
}

function distinctStates(module: Module): [string, State][] {
  const seen = new Set<State>()
  return [...module.namedStates()].filter(([, state]) => !seen.has(state) && seen.add(state))
}
