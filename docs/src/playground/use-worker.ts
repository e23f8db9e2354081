import { type ShallowRef, shallowRef } from 'vue'
import { ProtocolError, type Request, readReport, type SampleSettings } from './protocol.js'
import { applyReport, failedState, initialState, isRunning, type RunState, startedState } from './run-state.js'
import { spawnWorker } from './spawn-worker.js'
import type { TrainingSettings } from './training-settings.js'

export interface PlaygroundWorker {
  readonly state: Readonly<ShallowRef<RunState>>
  /** Starts the worker, which looks for backends. */
  open(): void
  start(text: string, settings: TrainingSettings, sample: SampleSettings): void
  /** Ends the run between two updates; asked again, ends the worker and the model with it. */
  stop(): void
  /** A sample from the model as it is. */
  write(sample: SampleSettings): void
  close(): void
}

const RELOAD = 'Reload the page.'

/** The page's side of the worker: what it is asked, and the state that its reports make. */
export function useWorker(spawn: () => Worker = spawnWorker): PlaygroundWorker {
  const state = shallowRef(initialState)
  let worker: Worker | null = null
  /** A run leaves a model behind: the next one gets a worker, and memory, of its own. */
  let used = false

  const fail = (what: string, todo: string) => {
    state.value = failedState(state.value, { what, todo })
  }
  const ask = (request: Request) => worker?.postMessage(request)
  const close = () => {
    worker?.terminate()
    worker = null
    used = false
  }
  const open = () => {
    close()
    const opened = spawn()
    worker = opened
    opened.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (worker !== opened) return
      try {
        state.value = applyReport(state.value, readReport(data))
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        fail(error.message, '')
      }
    }
    opened.onerror = (event) => {
      if (worker === opened) fail(`The page's worker failed: ${event.message ?? 'it did not load'}.`, RELOAD)
    }
    opened.onmessageerror = () => fail('A message of the worker could not be read.', RELOAD)
    ask({ type: 'find' })
  }

  return {
    state,
    open,
    start(text, settings, sample) {
      if (isRunning(state.value)) return
      if (used || worker === null) open()
      used = true
      state.value = startedState(state.value, settings.steps)
      ask({ type: 'train', text, settings, sample })
    },
    stop() {
      if (!isRunning(state.value)) return
      if (state.value.phase === 'stopping') {
        open()
        state.value = { ...state.value, phase: 'stopped', model: null, writing: false }
        return
      }
      state.value = { ...state.value, phase: 'stopping' }
      ask({ type: 'stop' })
    },
    write(sample) {
      if (state.value.model === null || state.value.writing) return
      state.value = { ...state.value, writing: true, failure: null }
      ask({ type: 'sample', sample })
    },
    close,
  }
}
