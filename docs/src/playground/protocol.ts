import type { FoundBackend } from '@almanac/tensor-core'
import { BACKENDS, LIMITS, type TrainingSettings } from './training-settings.js'

/** How a sample is drawn. */
export type SampleSettings = {
  readonly prompt: string
  /** 0 is greedy. */
  readonly temperature: number
}

/** What the page asks of its worker. */
export type Request =
  | { readonly type: 'find' }
  | {
      readonly type: 'train'
      readonly text: string
      readonly settings: TrainingSettings
      readonly sample: SampleSettings
    }
  | { readonly type: 'stop' }
  | { readonly type: 'sample'; readonly sample: SampleSettings }

/** One backend, and what was found of it. */
export type BackendStatus = Pick<FoundBackend, 'name' | 'works' | 'detail'>

/** What went wrong, in words, and what to do. */
export type Failure = { readonly what: string; readonly todo: string }

/** What the worker tells. */
export type Report =
  | { readonly type: 'backends'; readonly backends: readonly BackendStatus[] }
  | {
      readonly type: 'started'
      readonly parameters: number
      readonly trainingBytes: number
      readonly heldOutBytes: number
    }
  | {
      readonly type: 'progress'
      /** Updates made. */
      readonly step: number
      /** Of the updates since the last report, in nats a byte. */
      readonly losses: readonly number[]
      readonly tokensPerSecond: number
      readonly remainingSeconds: number
    }
  | { readonly type: 'held-out'; readonly step: number; readonly nats: number }
  | {
      readonly type: 'memory'
      /** Parameters, the optimiser's averages, caches, batches. */
      readonly liveBytes: number
      /** The most that temporaries take at one launch. */
      readonly peakBytes: number
    }
  | {
      readonly type: 'sample'
      readonly step: number
      readonly prompt: string
      /** What the model wrote after the prompt, so far. */
      readonly text: string
      readonly finished: boolean
    }
  | { readonly type: 'done'; readonly step: number; readonly stopped: boolean }
  | ({ readonly type: 'failed' } & Failure)

/** A message between page and worker that does not fit. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  constructor(
    readonly where: string,
    readonly expected: string,
    readonly got: string,
  ) {
    super(`${where}: expected ${expected}, got ${got}. Reload the page: its parts may be of two versions.`)
  }
}

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

type Check = (value: unknown, where: string) => void
type Fields = Readonly<Record<string, Check>>

const check =
  (expected: string, fits: (value: unknown) => boolean): Check =>
  (value, where) => {
    if (!fits(value)) throw new ProtocolError(where, expected, shown(value))
  }
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const text = check('text', (value) => typeof value === 'string')
const truth = check('true or false', (value) => typeof value === 'boolean')
const amount = check('a number of 0 or more', (value) => isNumber(value) && value >= 0)
const count = check('a whole number of 0 or more', (value) => Number.isSafeInteger(value) && (value as number) >= 0)
const oneOf = (choices: readonly unknown[]): Check =>
  check(`one of ${choices.join(', ')}`, (value) => choices.includes(value))
const whole = ({ least, most }: { least: number; most: number }): Check =>
  check(`a whole number from ${least} to ${most}`, (value) => Number.isInteger(value) && within(value, least, most))
const within = (value: unknown, least: number, most: number): boolean =>
  isNumber(value) && value >= least && value <= most

const record =
  (fields: Fields): Check =>
  (value, where) => {
    if (typeof value !== 'object' || value === null) throw new ProtocolError(where, 'an object', shown(value))
    const known = value as Readonly<Record<string, unknown>>
    for (const [name, fits] of Object.entries(fields)) fits(known[name], `${where}.${name}`)
  }
const list =
  (fits: Check): Check =>
  (value, where) => {
    if (!Array.isArray(value)) throw new ProtocolError(where, 'a list', shown(value))
    value.forEach((item, i) => fits(item, `${where}[${i}]`))
  }

const { learningRate } = LIMITS
const settings = record({
  backend: oneOf(BACKENDS),
  width: oneOf(LIMITS.width.choices),
  layers: whole(LIMITS.layers),
  context: oneOf(LIMITS.context.choices),
  batch: whole(LIMITS.batch),
  steps: whole(LIMITS.steps),
  learningRate: check(`a number from ${learningRate.least} to ${learningRate.most}`, (value) =>
    within(value, learningRate.least, learningRate.most),
  ),
})
const sample = record({ prompt: text, temperature: check('a number from 0 to 5', (value) => within(value, 0, 5)) })

/** A check for each field of each kind of message. */
type Checks<M extends { readonly type: string }> = {
  readonly [T in M['type']]: Readonly<Record<Exclude<keyof Extract<M, { readonly type: T }>, 'type'>, Check>>
}

const requests: Checks<Request> = {
  find: {},
  train: { text, settings, sample },
  stop: {},
  sample: { sample },
}

const reports: Checks<Report> = {
  backends: { backends: list(record({ name: oneOf(BACKENDS), works: truth, detail: text })) },
  started: { parameters: count, trainingBytes: count, heldOutBytes: count },
  progress: { step: count, losses: list(amount), tokensPerSecond: amount, remainingSeconds: amount },
  'held-out': { step: count, nats: amount },
  memory: { liveBytes: count, peakBytes: count },
  sample: { step: count, prompt: text, text, finished: truth },
  done: { step: count, stopped: truth },
  failed: { what: text, todo: text },
}

function read(where: string, value: unknown, known: Readonly<Record<string, Fields>>): unknown {
  const type = (value as { type?: unknown } | null | undefined)?.type
  const fields = typeof type === 'string' && Object.hasOwn(known, type) ? known[type] : undefined
  if (!fields) throw new ProtocolError(where, `a message of type ${Object.keys(known).join(', ')}`, shown(type))
  record(fields)(value, `${where} "${type}"`)
  return value
}

/** What came from the page, checked field by field. Throws ProtocolError. */
export const readRequest = (value: unknown): Request => read('request', value, requests) as Request

/** What came from the worker, checked field by field. Throws ProtocolError. */
export const readReport = (value: unknown): Report => read('report', value, reports) as Report
