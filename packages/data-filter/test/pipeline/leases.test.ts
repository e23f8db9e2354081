import { expect, test } from 'vitest'
import { memoryStorage } from '../../src/index.js'
import { takeLease } from '../../src/pipeline/index.js'

/** Owners with one clock that the test turns. */
function owners() {
  const clock = { at: 1000 }
  const storage = memoryStorage()
  const take = (owner: string) => takeLease(storage, 'leases/a', { owner, leaseMs: 100, now: () => clock.at })
  return { clock, storage, take }
}

test('one of many gets it, and the others when it is given back', async () => {
  const { take } = owners()
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) => take(`${i}`)))
  const got = all.filter((lease) => lease !== null)
  expect(got).toHaveLength(1)
  expect(await take('late')).toBeNull()
  await got[0]?.release()
  expect(await take('late')).not.toBeNull()
})

test('one that ran out is taken over by one of many', async () => {
  const { clock, take } = owners()
  await take('dead')
  clock.at += 99
  expect(await take('early')).toBeNull()
  clock.at += 2
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) => take(`${i}`)))
  expect(all.filter((lease) => lease !== null)).toHaveLength(1)
})

test('renewed it holds on; whoever was thought dead is told', async () => {
  const { clock, take, storage } = owners()
  const lease = await take('slow')
  clock.at += 90
  expect(await lease?.renew()).toBe(true)
  clock.at += 90
  expect(await take('other')).toBeNull()
  clock.at += 20
  expect(await take('other')).not.toBeNull()
  expect(await lease?.renew()).toBe(false)
  await lease?.release()
  expect(await storage.list('')).toEqual([])
})

test('a file that says nothing is a lease that ran out', async () => {
  const { storage, take } = owners()
  await storage.create('leases/a.00000', new Uint8Array())
  expect(await take('next')).not.toBeNull()
})

test('refuses a lease of no time', async () => {
  await expect(takeLease(memoryStorage(), 'a', { owner: 'x', leaseMs: 0 })).rejects.toThrow(
    'takeLease: leaseMs: expected more than 0, got 0.',
  )
})
