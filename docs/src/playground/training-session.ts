import { Llama } from '@almanac/language-model'
import { AbortError, ArgumentError, crossEntropy, type Device, key, memory, sizeOf } from '@almanac/tensor-core'
import { AdamW } from '@almanac/tensor-core/optim'
import {
  cosineSchedule,
  evaluator,
  heldOutBatches,
  splitHeldOut,
  type TokenBatch,
  tokenBatches,
  train,
} from '@almanac/training'
import { llamaShape } from './llama-shape.js'
import type { Report, SampleSettings } from './protocol.js'
import type { TrainingSettings } from './training-settings.js'
import { writeSample } from './write-sample.js'

export interface TrainingSession {
  /** Trains to the end, or until the signal fires between two updates; either way it reports 'done' last. */
  run(signal: AbortSignal): Promise<void>
  /** Writes a text with the model as it is, also while it trains; the samples that come by themselves are then drawn so, too. */
  write(sample: SampleSettings, signal?: AbortSignal): Promise<void>
}

export interface SessionOptions {
  /** Started, and the default: the model's States are made on it. */
  readonly device: Device
  readonly text: string
  readonly settings: TrainingSettings
  readonly sample: SampleSettings
  readonly report: (report: Report) => void
}

const HELD_OUT = 0.1
/** Batches of held-out text that an evaluation reads at most. */
const HELD_OUT_BATCHES = 4
const SAMPLE_LENGTH = 200
/** Between two reports of progress, and of memory. */
const PROGRESS_MS = 100
const MEMORY_MS = 500

/**
 * A Llama over the bytes of a text, its training and the samples from it, on one device.
 * Throws ArgumentError for a text that is too short.
 */
export function trainingSession({ device, text, settings, sample, report }: SessionOptions): TrainingSession {
  const { context, batch, steps, learningRate } = settings
  const bytes = new TextEncoder().encode(text)
  checkLength(bytes.length, context)
  const { train: seen, heldOut } = splitHeldOut(bytes, HELD_OUT)

  const model = new Llama(llamaShape(settings)).init(key(0))
  const loss = ({ inputs, targets }: TokenBatch) => crossEntropy(model.forward(inputs), targets)
  const windows = { batchSize: batch, contextLength: context }
  const evaluate = evaluator({ loss, batches: heldOutBatches(heldOut, { ...windows, count: HELD_OUT_BATCHES }) })

  let step = 0
  let wanted = sample
  let samples = 0
  /** One text at a time for a model. */
  let writing: Promise<void> = Promise.resolve()

  const reportMemory = async () => {
    const { liveBytes, peakBytes } = await memory(device)
    report({ type: 'memory', liveBytes, peakBytes })
  }
  const writeNow = async (signal?: AbortSignal) => {
    const { prompt } = wanted
    const tell = throttled(PROGRESS_MS)
    let written = ''
    const options = { length: SAMPLE_LENGTH, seed: samples++, ...(signal ? { signal } : {}) }
    for await (const piece of writeSample(model, wanted, options)) {
      written += piece
      if (tell()) report({ type: 'sample', step, prompt, text: written, finished: false })
    }
    report({ type: 'sample', step, prompt, text: written, finished: true })
  }
  const write = (signal?: AbortSignal): Promise<void> => {
    const turn = writing.then(() => writeNow(signal))
    writing = turn.catch(() => undefined)
    return turn
  }

  const onLoss = (() => {
    const tell = throttled(PROGRESS_MS)
    let losses: number[] = []
    return (one: number, tokensPerSecond: number, remainingSeconds: number) => {
      losses.push(one)
      if (!tell() && step < steps) return
      report({ type: 'progress', step, losses, tokensPerSecond, remainingSeconds })
      losses = []
    }
  })()
  const memoryIsDue = throttled(MEMORY_MS)

  return {
    async run(signal) {
      report({
        type: 'started',
        parameters: model.parameters().reduce((total, { shape }) => total + sizeOf(shape), 0),
        trainingBytes: seen.length,
        heldOutBytes: heldOut.length,
      })
      let stopped = false
      try {
        await train({
          model,
          optimizer: new AdamW(model, { weightDecay: 0.1 }),
          loss,
          batches: tokenBatches(seen, windows),
          steps,
          schedule: cosineSchedule({ peak: learningRate, steps, warmup: Math.floor(steps / 20) }),
          clipNorm: 1,
          tokensPerStep: batch * context,
          evaluation: {
            every: Math.min(steps, Math.max(10, Math.round(steps / 12))),
            async run() {
              const evaluation = await evaluate()
              report({ type: 'held-out', step, nats: evaluation.nats })
              await write(signal)
              return evaluation
            },
          },
          onProgress(event) {
            if (event.type !== 'step') return
            step = event.step
            onLoss(event.loss, event.tokensPerSecond, event.remainingSeconds)
            // What fails here fails in the next update too, which is waited for.
            if (memoryIsDue()) reportMemory().catch(() => undefined)
          },
          signal,
        })
      } catch (error) {
        if (!(error instanceof AbortError)) throw error
        stopped = true
      }
      await reportMemory()
      report({ type: 'done', step, stopped })
    },
    write(next, signal) {
      wanted = next
      return write(signal)
    },
  }
}

/** Both parts of the text need a window and the byte after it. */
function checkLength(bytes: number, context: number): void {
  const least = Math.ceil((context + 1) / HELD_OUT) + 1
  if (bytes >= least) return
  throw new ArgumentError(
    'text',
    `at least ${least} bytes for a context of ${context} (a tenth of the text is held out)`,
    `${bytes}`,
    'Paste more text or choose a shorter context.',
  )
}

/** A function that is true at its first call, and then at most once in so many milliseconds. */
function throttled(milliseconds: number): () => boolean {
  let last = Number.NEGATIVE_INFINITY
  return () => {
    const now = performance.now()
    if (now - last < milliseconds) return false
    last = now
    return true
  }
}
