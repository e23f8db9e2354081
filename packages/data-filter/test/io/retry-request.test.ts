import { afterEach, expect, it, vi } from 'vitest'
import { retryRequest } from '../../src/io/retry-request.js'

afterEach(() => void vi.restoreAllMocks())

const failing = (times: number) => {
  let tries = 0
  return async () => {
    if (tries++ < times) throw new Error(`failure ${tries}`)
    return tries
  }
}

it('waits up to twice as long each time, with full jitter', async () => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.5)
  const delays: number[] = []
  const options = {
    retries: 6,
    firstDelayMs: 2,
    maxDelayMs: 16,
    onRetry: ({ delayMs }: { delayMs: number }) => delays.push(delayMs),
  }
  expect(await retryRequest('w', options, failing(6), () => ({ reason: 'r' }))).toBe(7)
  expect(delays).toEqual([1, 2, 4, 8, 8, 8])
  random.mockReturnValue(0)
  delays.length = 0
  await retryRequest('w', options, failing(2), () => ({ reason: 'r' }))
  expect(delays).toEqual([0, 0])
})

it('throws the last failure when the tries are used up, and the first that is not worth one', async () => {
  const heard: unknown[] = []
  const options = { retries: 2, firstDelayMs: 0, onRetry: (retry: unknown) => heard.push(retry) }
  await expect(retryRequest('w', options, failing(9), () => ({ reason: 'r' }))).rejects.toThrow('failure 3')
  expect(heard).toEqual([
    { where: 'w', retry: 1, delayMs: 0, reason: 'r' },
    { where: 'w', retry: 2, delayMs: 0, reason: 'r' },
  ])
  await expect(retryRequest('w', options, failing(9), () => null)).rejects.toThrow('failure 1')
})
