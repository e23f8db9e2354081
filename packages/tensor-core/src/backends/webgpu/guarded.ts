import { BackendError, MemoryLimitError, TensorError } from '../../errors.js'

/** Runs `work` and throws the validation and out-of-memory errors of what it submitted, and a loss of the device. */
export type Guarded = <T>(where: string, work: () => T | Promise<T>) => Promise<T>

/** A device that is being lost rejects calls before it says so; this long it is waited for. */
const LOSS_NOTICE_MS = 50

/** `alive` throws what is known to have gone wrong with the device; `lost` resolves when it is gone. */
export function createGuard(device: GPUDevice, alive: (where: string) => void, lost: Promise<unknown>): Guarded {
  return async <T>(where: string, work: () => T | Promise<T>): Promise<T> => {
    device.pushErrorScope('out-of-memory')
    device.pushErrorScope('validation')
    // Runs at once up to its first await; what it throws comes as a rejection, after the scopes are closed.
    const started = (async () => work())()
    const scopes = Promise.all([device.popErrorScope(), device.popErrorScope()])
    const [result, errors] = await Promise.allSettled([started, scopes])
    if (result.status === 'rejected' || errors.status === 'rejected')
      await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, LOSS_NOTICE_MS))])
    alive(where)
    const error = errors.status === 'fulfilled' ? errors.value.find((found) => found !== null) : null
    if (error) throw typedError(where, error)
    if (result.status === 'fulfilled') return result.value
    if (result.reason instanceof TensorError) throw result.reason
    throw new BackendError(where, 'work that the device accepts', String(result.reason))
  }
}

/** An error of the device as one of ours. */
export function typedError(where: string, error: GPUError): TensorError {
  // Dawn's error classes are not globals in Node: the name is what both have.
  if (error.constructor.name === 'GPUOutOfMemoryError') {
    return new MemoryLimitError(where, 'memory on the device', error.message, 'Free tensors or use a smaller batch.')
  }
  return new BackendError(where, 'work that the device accepts', error.message)
}
