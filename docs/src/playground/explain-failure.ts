import { ArgumentError, BackendError, DeviceLostError, MemoryLimitError, StateLostError } from '@almanac/tensor-core'
import { NonFiniteLossError } from '@almanac/training'
import { type Failure, ProtocolError } from './protocol.js'

const SMALLER = 'Choose a smaller model, a shorter context or fewer windows in a batch, then start again.'
const AGAIN = 'Start again: a run begins on a fresh device. If that fails too, choose another backend.'

/** An error in words for the reader of the page, and what to do about it. */
export function explainFailure(error: unknown): Failure {
  const what = error instanceof Error ? error.message : String(error)
  if (error instanceof ProtocolError) return { what, todo: '' }
  if (error instanceof MemoryLimitError || ranOutOfMemory(error)) {
    return { what: `There is not enough memory. ${what}`, todo: SMALLER }
  }
  if (error instanceof NonFiniteLossError) {
    return {
      what: `Training went astray: the loss of step ${error.step} was ${error.got}.`,
      todo: 'Choose a lower learning rate, then start again.',
    }
  }
  if (error instanceof DeviceLostError)
    return { what: `The GPU went away, and the model with it. ${what}`, todo: AGAIN }
  if (error instanceof BackendError || error instanceof StateLostError) {
    return { what: `The backend failed. ${what}`, todo: AGAIN }
  }
  // Its message says what to do.
  if (error instanceof ArgumentError) return { what, todo: '' }
  return { what: `Something failed that should not: ${what}`, todo: AGAIN }
}

/** What engines throw where memory cannot be had. */
const ranOutOfMemory = (error: unknown): boolean => error instanceof RangeError && /memory|alloc/i.test(error.message)
