import type { BackendStatus, Failure, Report } from './protocol.js'

export interface HeldOutLoss {
  /** Updates made before it. */
  readonly step: number
  /** Nats a byte. */
  readonly nats: number
}

/** Everything that the page shows of its worker. */
export interface RunState {
  /** null: not looked for yet. */
  readonly backends: readonly BackendStatus[] | null
  readonly phase: 'idle' | 'starting' | 'training' | 'stopping' | 'stopped' | 'finished' | 'failed'
  /** Updates wanted and made. */
  readonly steps: number
  readonly step: number
  /** One an update, in nats a byte. */
  readonly losses: readonly number[]
  readonly heldOut: readonly HeldOutLoss[]
  readonly pace: { readonly tokensPerSecond: number; readonly remainingSeconds: number } | null
  readonly memory: { readonly liveBytes: number; readonly peakBytes: number } | null
  readonly model: { readonly parameters: number; readonly trainingBytes: number; readonly heldOutBytes: number } | null
  readonly sample: { readonly step: number; readonly prompt: string; readonly text: string } | null
  /** A sample is being written because the reader asked for one. */
  readonly writing: boolean
  readonly failure: Failure | null
}

export const initialState: RunState = {
  backends: null,
  phase: 'idle',
  steps: 0,
  step: 0,
  losses: [],
  heldOut: [],
  pace: null,
  memory: null,
  model: null,
  sample: null,
  writing: false,
  failure: null,
}

/** The state at the beginning of a run of so many steps. */
export const startedState = (state: RunState, steps: number): RunState => ({
  ...initialState,
  backends: state.backends,
  phase: 'starting',
  steps,
})

/** The state with a failure. A run that it ended is over. */
export const failedState = (state: RunState, failure: Failure): RunState => ({
  ...state,
  phase: isRunning(state) ? 'failed' : state.phase,
  writing: false,
  failure,
})

/** A run has begun and is not over. */
export const isRunning = ({ phase }: RunState): boolean =>
  phase === 'starting' || phase === 'training' || phase === 'stopping'

/** The state after a report of the worker. */
export function applyReport(state: RunState, report: Report): RunState {
  switch (report.type) {
    case 'backends':
      return { ...state, backends: report.backends }
    case 'started': {
      const { parameters, trainingBytes, heldOutBytes } = report
      return { ...state, model: { parameters, trainingBytes, heldOutBytes } }
    }
    case 'progress': {
      const { step, losses, tokensPerSecond, remainingSeconds } = report
      const phase = state.phase === 'starting' ? 'training' : state.phase
      return {
        ...state,
        phase,
        step,
        losses: [...state.losses, ...losses],
        pace: { tokensPerSecond, remainingSeconds },
      }
    }
    case 'held-out':
      return { ...state, heldOut: [...state.heldOut, { step: report.step, nats: report.nats }] }
    case 'memory':
      return { ...state, memory: { liveBytes: report.liveBytes, peakBytes: report.peakBytes } }
    case 'sample': {
      const { step, prompt, text, finished } = report
      return { ...state, sample: { step, prompt, text }, writing: state.writing && !finished }
    }
    case 'done':
      return { ...state, step: report.step, phase: report.stopped ? 'stopped' : 'finished' }
    case 'failed':
      return failedState(state, { what: report.what, todo: report.todo })
  }
}
