import { tensor } from '../create.js'
import type { Device } from '../device.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import type { Module } from '../nn/module.js'
import type { Parameter } from '../nn/parameter.js'
import { add } from '../ops/add.js'
import { zeros } from '../ops/full.js'
import { mul } from '../ops/mul.js'
import { sub } from '../ops/sub.js'
import { moveStates } from '../state/move-states.js'
import { State } from '../state/state.js'
import { checkGradients, trainedParameters } from './optimizer-parameters.js'

export interface SgdConfig {
  /** Default 1e-2. */
  readonly learningRate?: number
  readonly momentum?: number
  readonly nesterov?: boolean
  /** Added to the gradient (coupled), as in PyTorch's SGD. */
  readonly weightDecay?: number
}

/**
 * Stochastic gradient descent: b = momentum b + g, p -= rate (g + momentum b if nesterov, else b). Sutskever et al. 2013, in
 * PyTorch's form. The velocity starts at 0, so the first update is plain.
 */
export class SGD {
  readonly parameters: readonly Parameter[]
  readonly learningRate: State
  readonly velocities: readonly State[]
  private readonly config: SgdConfig

  constructor(owner: Module | readonly Parameter[], config: SgdConfig = {}) {
    this.parameters = trainedParameters('SGD', owner)
    this.config = config
    const device = (this.parameters[0] as Parameter).device
    this.learningRate = new State(tensor(config.learningRate ?? 1e-2), { device, name: 'SGD.learningRate' })
    this.velocities = config.momentum
      ? this.parameters.map((p) => new State(zeros(p.shape), { device: p.device, name: `SGD.velocity.${p.name}` }))
      : []
  }

  /** Assigns the next parameters. Runs with the next realisation, or inside a compiled step. */
  step(gradients: readonly TensorLike[]): void {
    const list = gradients.map(asTensor)
    checkGradients('SGD.step', this.parameters, list)
    const { momentum = 0, nesterov = false, weightDecay = 0 } = this.config
    this.parameters.forEach((parameter, i) => {
      const raw = list[i] as Tensor
      const gradient = weightDecay === 0 ? raw : add(raw, mul(parameter, weightDecay))
      const velocity = this.velocities[i]
      let update = gradient
      if (velocity) {
        const next = add(mul(velocity, momentum), gradient)
        velocity.assign(next)
        update = nesterov ? add(gradient, mul(next, momentum)) : next
      }
      parameter.assign(sub(parameter, mul(update, this.learningRate)))
    })
  }

  /** Moves its own States to a device; the module's are moved by the module's `to`. */
  async to(device: Device): Promise<this> {
    await moveStates(this.namedStates(), device)
    return this
  }

  /** The optimiser's own States by name, for checkpoints. */
  *namedStates(): Generator<[name: string, state: State]> {
    yield ['learningRate', this.learningRate]
    for (const [i, velocity] of this.velocities.entries())
      yield [`velocity.${(this.parameters[i] as Parameter).name}`, velocity]
  }
}
