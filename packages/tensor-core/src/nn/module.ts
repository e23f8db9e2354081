import { bumpModuleEpoch } from '../compile/module-epoch.js'
import type { Device } from '../device.js'
import { ArgumentError } from '../errors.js'
import { inModule } from '../graph/module-scope.js'
import type { Tensor } from '../graph/tensor.js'
import { foldIn } from '../random/key.js'
import { moveStates } from '../state/move-states.js'
import { State } from '../state/state.js'
import { Parameter } from './parameter.js'

/**
 * A tree of parameters: subclasses hold Parameters, Modules and arrays of Modules as fields and write `forward`. The path of
 * a field ("layers.0.mlp.up.weight") is its name in state dicts and in error messages.
 */
export abstract class Module {
  /** Fills every parameter of the tree by its initialiser; each gets a key of its own, made from its name. */
  init(key: Tensor): this {
    this.nameParts()
    for (const [name, parameter] of this.namedParameters()) {
      parameter.assign(parameter.initializer(foldIn(key, hashName(name)), parameter.shape))
    }
    return this
  }

  /** All parameters with their paths, in the order of the fields; one that stands in two places comes once. */
  *namedParameters(): Generator<[name: string, parameter: Parameter]> {
    const seen = new Set<State>()
    for (const [name, state] of this.namedStates()) {
      if (state instanceof Parameter && !seen.has(state)) {
        seen.add(state)
        yield [name, state]
      }
    }
  }

  /** The parameters that are trained: what gradients are taken by. */
  parameters(): Parameter[] {
    return [...this.namedParameters()].map(([, parameter]) => parameter).filter((parameter) => parameter.trainable)
  }

  /** All States of the tree, parameters and others, with their paths. */
  *namedStates(prefix = ''): Generator<[name: string, state: State]> {
    for (const [path, part] of parts(this, prefix)) {
      if (part instanceof State) yield [path, part]
      else yield* part.namedStates(path)
    }
  }

  /** All modules below this one, with their paths. */
  *namedModules(prefix = ''): Generator<[name: string, module: Module]> {
    for (const [path, part] of parts(this, prefix)) {
      if (!(part instanceof Module)) continue
      yield [path, part]
      yield* part.namedModules(path)
    }
  }

  /**
   * Moves every State of the tree to a device, as PyTorch's `to` does; tied ones stay tied, packed ones packed. Optimisers
   * have a `to` of their own. Compiled functions run on the new device from the next call on. Throws DeviceError.
   */
  async to(device: Device): Promise<this> {
    await moveStates(this.namedStates(), device)
    return this
  }

  /** Stops training of the parameters under this module. */
  freeze(): this {
    return this.setTrainable(false)
  }

  unfreeze(): this {
    return this.setTrainable(true)
  }

  /** Puts another module at a path ("layers.0.mlp"). Compiled functions notice. Throws ArgumentError. */
  replace(path: string, module: Module): void {
    const names = path.split('.')
    const last = names.pop() as string
    let owner = this as unknown as Record<string, unknown>
    for (const name of names) owner = owner?.[name] as Record<string, unknown>
    if (!(owner?.[last] instanceof Module)) {
      const known = [...this.namedModules()].map(([name]) => name).slice(0, 8)
      throw new ArgumentError('Module.replace', `the path of a module (${known.join(', ')}, ...)`, `'${path}'`)
    }
    owner[last] = module
    bumpModuleEpoch()
    this.nameParts()
  }

  /** Tells every part its path, for messages; called by `init` and by the loaders. */
  nameParts(): void {
    for (const [name, state] of this.namedStates()) state.name = name
    for (const [name, module] of this.namedModules()) labelForward(module, name)
  }

  private setTrainable(trainable: boolean): this {
    for (const [, parameter] of this.namedParameters()) parameter.trainable = trainable
    bumpModuleEpoch()
    return this
  }
}

const labelled = new WeakMap<Module, string>()

/** Wraps a module's `forward` so that the ops inside carry its path. */
function labelForward(module: Module, path: string): void {
  const known = labelled.has(module)
  labelled.set(module, path)
  const target = module as unknown as { forward?: (...args: unknown[]) => unknown }
  if (known || typeof target.forward !== 'function') return
  const forward = target.forward
  Object.defineProperty(module, 'forward', {
    value: (...args: unknown[]) => inModule(labelled.get(module) as string, () => forward.apply(module, args)),
    enumerable: false,
    configurable: true,
    writable: true,
  })
}

/** The Modules and States among a module's fields; arrays are entered, with the index as a part of the path. */
function* parts(owner: Module, prefix: string): Generator<[string, State | Module]> {
  const walk = function* (value: unknown, path: string): Generator<[string, State | Module]> {
    if (value instanceof State || value instanceof Module) yield [path, value]
    else if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* walk(item, `${path}.${i}`)
  }
  for (const [name, value] of Object.entries(owner)) yield* walk(value, prefix ? `${prefix}.${name}` : name)
}

/** FNV-1a, 32 bits: a number for a name, the same everywhere. */
function hashName(name: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
