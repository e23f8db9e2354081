import { AbortError, ArgumentError, compile, grad, type Tensor, tensor } from '@almanac/tensor-core'
import { clipByGlobalNorm, globalNorm } from '@almanac/tensor-core/optim'
import { type Checkpoint, openCheckpoint, writeCheckpoint } from './checkpoint.js'
import { CheckpointError } from './checkpoint-error.js'
import type { CheckpointInfo } from './checkpoint-info.js'
import { configDifferences } from './config-differences.js'
import { NonFiniteLossError } from './non-finite-loss-error.js'
import { paceOf } from './pace.js'
import type { TrainOptions } from './train-options.js'
import { trainingStates } from './training-states.js'

export interface TrainResult {
  /** Updates made in all. */
  readonly step: number
  /** The step this run went on from; 0 for a new one. */
  readonly resumedFrom: number
  /** One an update, those of earlier runs included, in nats. */
  readonly losses: Float32Array
  readonly evaluations: CheckpointInfo['evaluations']
}

/**
 * Trains any module by one compiled step: loss, gradients, clipping, the optimiser. With a checkpoint it goes on where an
 * earlier run stopped, bit for bit as if there had been no pause (on one machine and backend, with any number of threads).
 *
 * Rejects with NonFiniteLossError when a loss or gradient is not finite (the last checkpoint stays), CheckpointError,
 * AbortError, ArgumentError.
 */
export async function train<B>(options: TrainOptions<B>): Promise<TrainResult> {
  const { model, optimizer, steps, schedule, evaluation, checkpoint, onProgress, signal } = options
  checkOptions(options)
  const name = checkpoint?.name ?? 'checkpoint.safetensors'
  const config = checkpoint?.config ?? null
  const states = trainingStates(model, optimizer, options.states)

  let losses: number[] = []
  let evaluations: CheckpointInfo['evaluations'] = []
  let saved: number | null = null
  if (checkpoint && checkpoint.resume !== false) {
    const found = await openCheckpoint(checkpoint.storage, name)
    if (found) {
      try {
        checkResume(found, options, name)
        await found.restore(states)
      } finally {
        await found.close()
      }
      losses = [...found.losses]
      evaluations = found.evaluations
      saved = found.step
      onProgress?.({ type: 'resumed', step: found.step, steps })
    }
  }
  const resumedFrom = losses.length

  const save = async () => {
    if (!checkpoint) return
    const step = losses.length
    await writeCheckpoint(checkpoint.storage, name, states, {
      step,
      losses: Float32Array.from(losses),
      evaluations,
      config,
    })
    saved = step
    onProgress?.({ type: 'checkpoint', step, name })
  }
  const evaluate = async () => {
    if (!evaluation) return
    const step = losses.length
    const result = await evaluation.run()
    evaluations = [...evaluations, { step, ...result }]
    onProgress?.({ type: 'evaluation', step, evaluation: result })
  }
  const abortIfAsked = async () => {
    if (!signal?.aborted) return
    if (saved !== losses.length && losses.length > 0) await save()
    throw new AbortError(`train, step ${losses.length}`)
  }

  const update = compiledUpdate(options)
  const pace = paceOf({ firstStep: resumedFrom, steps, tokensPerStep: options.tokensPerStep ?? 0 })
  while (losses.length < steps) {
    await abortIfAsked()
    const index = losses.length
    const learningRate = schedule ? schedule(index) : null
    const { loss, gradientNorm } = await update(options.batches(index), learningRate)
    if (!Number.isFinite(loss)) throw new NonFiniteLossError(index, 'loss', loss, saved)
    // Checked too, because such a gradient has spoilt the parameters already: no checkpoint may hold them.
    if (!Number.isFinite(gradientNorm)) throw new NonFiniteLossError(index, 'gradient norm', gradientNorm, saved)
    losses.push(loss)
    const step = losses.length
    onProgress?.({ type: 'step', step, steps, loss, gradientNorm, learningRate, ...pace.after(step) })
    const resume = pace.pause()
    if (evaluation && (step % evaluation.every === 0 || step === steps)) await evaluate()
    if (checkpoint && (step % checkpoint.every === 0 || step === steps)) await save()
    resume()
  }
  // A run that was stopped between its last update and the evaluation still owes it.
  if (evaluation && evaluations.at(-1)?.step !== steps) {
    await evaluate()
    await save()
  }
  return { step: losses.length, resumedFrom, losses: Float32Array.from(losses), evaluations }
}

/** One program an update; the learning rate comes as a tensor, so that a new rate is not a new program. */
function compiledUpdate<B>({ loss: lossOf, optimizer, clipNorm }: TrainOptions<B>) {
  const compiled = compile(
    (batch: B, learningRate: Tensor | null) => {
      if (learningRate) optimizer.learningRate.assign(learningRate)
      const residuals: Tensor[] = []
      const loss = lossOf(batch, residuals)
      const raw = grad(loss, optimizer.parameters, { checkpoints: residuals }) as readonly Tensor[]
      const { gradients, norm } =
        clipNorm === undefined ? { gradients: raw, norm: globalNorm(raw) } : clipByGlobalNorm(raw, clipNorm)
      optimizer.step(gradients)
      return { loss, norm }
    },
    { name: 'training step' },
  )
  return async (batch: B, learningRate: number | null) => {
    const { loss, norm } = await compiled(batch, learningRate === null ? null : tensor(learningRate))
    return { loss: await loss.item(), gradientNorm: await norm.item() }
  }
}

function checkOptions<B>({ steps, evaluation, checkpoint, clipNorm }: TrainOptions<B>): void {
  const whole: [string, number | undefined][] = [
    ['steps', steps],
    ['evaluation.every', evaluation?.every],
    ['checkpoint.every', checkpoint?.every],
  ]
  for (const [name, value] of whole) {
    if (value !== undefined && (!Number.isInteger(value) || value < 1))
      throw new ArgumentError('train', `${name}, a whole number from 1`, `${value}`)
  }
  if (clipNorm !== undefined && !(clipNorm > 0)) throw new ArgumentError('train', 'clipNorm above 0', `${clipNorm}`)
}

function checkResume<B>(found: Checkpoint, { steps, checkpoint }: TrainOptions<B>, name: string): void {
  const where = `train, resuming from ${name}`
  const differences = configDifferences(found.config, checkpoint?.config ?? null)
  if (differences.length > 0) {
    const more = differences.length > 3 ? ` and ${differences.length - 3} more` : ''
    throw new CheckpointError(
      where,
      'the settings it was written with',
      `others (saved -> now): ${differences.slice(0, 3).join(', ')}${more}`,
      'Use the same settings, another folder, or begin anew with resume: false.',
    )
  }
  if (found.step > steps) {
    throw new CheckpointError(
      where,
      `a checkpoint of at most ${steps} steps`,
      `one of ${found.step}`,
      'Ask for more steps, or begin anew with resume: false.',
    )
  }
}
