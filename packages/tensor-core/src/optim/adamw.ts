import { tensor } from '../create.js'
import type { Device } from '../device.js'
import { type AdamWOptions, adamwStep } from '../fused/adamw-step.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import type { Module } from '../nn/module.js'
import type { Parameter } from '../nn/parameter.js'
import { add } from '../ops/add.js'
import { zeros } from '../ops/full.js'
import { moveStates } from '../state/move-states.js'
import { State } from '../state/state.js'
import { checkGradients, trainedParameters } from './optimizer-parameters.js'

export interface AdamWConfig extends Partial<AdamWOptions> {
  /** Default 1e-3. `optimizer.learningRate.assign(...)` changes it without a new program. */
  readonly learningRate?: number
  /** Which parameters decay; default: those of two axes or more, so that norms and biases do not. */
  readonly decays?: (parameter: Parameter) => boolean
}

/** AdamW with decoupled weight decay. Loshchilov and Hutter 2019, arXiv 1711.05101. See `adamwStep` for the formula. */
export class AdamW {
  readonly parameters: readonly Parameter[]
  readonly learningRate: State
  /** Updates made so far, int32 []. */
  readonly stepCount: State
  readonly firstMoments: readonly State[]
  readonly secondMoments: readonly State[]
  private readonly options: AdamWOptions
  private readonly decays: (parameter: Parameter) => boolean

  constructor(owner: Module | readonly Parameter[], config: AdamWConfig = {}) {
    this.parameters = trainedParameters('AdamW', owner)
    this.options = {
      beta1: config.beta1 ?? 0.9,
      beta2: config.beta2 ?? 0.999,
      eps: config.eps ?? 1e-8,
      weightDecay: config.weightDecay ?? 0.01,
    }
    this.decays = config.decays ?? ((parameter) => parameter.shape.length >= 2)
    const device = (this.parameters[0] as Parameter).device
    this.learningRate = new State(tensor(config.learningRate ?? 1e-3), { device, name: 'AdamW.learningRate' })
    this.stepCount = new State(tensor(0, { dtype: 'int32' }), { device, name: 'AdamW.stepCount' })
    const moments = (name: string) =>
      this.parameters.map((p) => new State(zeros(p.shape), { device: p.device, name: `AdamW.${name}.${p.name}` }))
    this.firstMoments = moments('m')
    this.secondMoments = moments('v')
  }

  /** Assigns the next parameters and moments. Runs with the next realisation, or inside a compiled step. */
  step(gradients: readonly TensorLike[]): void {
    const list = gradients.map(asTensor)
    checkGradients('AdamW.step', this.parameters, list)
    const count = add(this.stepCount, 1)
    this.stepCount.assign(count)
    const step = count.cast('float32')
    const rate = this.learningRate.value
    this.parameters.forEach((parameter, i) => {
      const [m, v] = [this.firstMoments[i] as State, this.secondMoments[i] as State]
      const options = this.decays(parameter) ? this.options : { ...this.options, weightDecay: 0 }
      const [next, nextM, nextV] = adamwStep(parameter, m, v, list[i] as Tensor, rate, step, options)
      parameter.assign(next)
      m.assign(nextM)
      v.assign(nextV)
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
    yield ['stepCount', this.stepCount]
    for (const [i, parameter] of this.parameters.entries()) {
      yield [`m.${parameter.name}`, this.firstMoments[i] as State]
      yield [`v.${parameter.name}`, this.secondMoments[i] as State]
    }
  }
}
