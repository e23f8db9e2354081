import { expect, test } from 'vitest'
import { memoryStorage } from '../../src/memory-storage.js'
import { streamedFile } from '../../src/minhash/streamed-file.js'
import type { Storage } from '../../src/storage.js'
import { bytesOf } from './data-sets.js'

test('a streamed file has its pieces in order, beside others', async () => {
  const storage = memoryStorage()
  const files = ['a', 'b', 'c'].map((name) => streamedFile(storage, name))
  for (let i = 0; i < 100; i++) for (const file of files) await file.push(Uint8Array.of(i))
  for (const file of files) expect((await file.finish()).bytes).toBe(100)
  expect([...(await bytesOf(storage, 'b'))]).toEqual(Array.from({ length: 100 }, (_, i) => i))
})

test('an aborted one leaves what was there before', async () => {
  const storage = memoryStorage()
  await storage.write('a', [Uint8Array.of(7)])
  const file = streamedFile(storage, 'a')
  for (let i = 0; i < 10; i++) await file.push(Uint8Array.of(i))
  await file.abort(new Error('no more'))
  expect([...(await bytesOf(storage, 'a'))]).toEqual([7])
})

test('a storage that fails is told of, and nobody waits for it', async () => {
  const full: Storage = {
    ...memoryStorage(),
    async write(_, pieces) {
      for await (const piece of pieces) if (piece[0] === 2) throw new Error('disk full')
      return { name: '', bytes: 0 }
    },
  }
  const file = streamedFile(full, 'a')
  const pushes = async () => {
    for (let i = 0; i < 50; i++) await file.push(Uint8Array.of(i))
  }
  await expect(pushes()).rejects.toThrow('disk full')
  await expect(file.finish()).rejects.toThrow('disk full')
})
