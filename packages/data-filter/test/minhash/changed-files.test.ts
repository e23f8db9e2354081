import { beforeEach, expect, test } from 'vitest'
import type { Document } from '../../src/document.js'
import { memoryStorage } from '../../src/memory-storage.js'
import {
  chooseRemovals,
  dropDuplicates,
  FINEWEB_MINHASH,
  findPairs,
  type Minhasher,
  measurePairs,
  openMinhasher,
  signDocuments,
  verifyPairs,
} from '../../src/minhash/index.js'
import type { Storage } from '../../src/storage.js'
import { collect, editedCopies, messagesOfChanges, onSpaces, shardsOf } from './data-sets.js'

// One bit of each file is changed in turn: the stage that reads it has to stop, and to name it.
const CONFIG = { ...FINEWEB_MINHASH, buckets: 3, tokenizer: 'spaces' }
const shards = shardsOf(editedCopies(120, 1), 2) as [Document[], Document[]]
let minhasher: Minhasher
let [signatures, pairs, verified, removals]: Storage[] = []

const find = async (parts: number, bucket: number) => {
  for (let part = 0; part < parts; part++)
    await findPairs({ signatures: signatures!, pairs: pairs!, bucket, part, parts, bufferBytes: 1 })
}
const names = async (storage: Storage, pattern: RegExp) =>
  (await storage.list('')).map(({ name }) => name).filter((name) => pattern.test(name))
const expectAllNamed = (messages: Record<string, string | null>, count: number) => {
  expect(Object.keys(messages)).toHaveLength(count)
  for (const [name, message] of Object.entries(messages))
    expect([name, message]).toEqual([name, expect.stringContaining(name)])
}

beforeEach(async () => {
  minhasher = await openMinhasher(CONFIG, onSpaces)
  signatures = memoryStorage('signatures')
  pairs = memoryStorage('pairs')
  verified = memoryStorage('verified')
  removals = memoryStorage('removals')
  for (const [rank, documents] of shards.entries())
    await signDocuments({ minhasher, documents, rank, worldSize: 2, inputs: [], signatures })
  for (const bucket of [0, 1, 2]) await find(2, bucket)
})

test.each([1, 2, 5])('stage 2 in %i parts', async (parts) => {
  for (const bucket of [0, 1, 2]) {
    const own = await names(signatures!, new RegExp(`^(bucket|blocks)_00${bucket}/|manifest`))
    expectAllNamed(await messagesOfChanges(signatures!, own, () => find(parts, bucket)), 6)
  }
})

test('every byte of a manifest', async () => {
  const name = '00001.manifest.json'
  const bytes: number[] = []
  for await (const piece of signatures!.read(name)) bytes.push(...piece)
  for (let at = 0; at < bytes.length - 1; at++) {
    const changed = Uint8Array.from(bytes)
    changed[at] = (changed[at] as number) ^ 1
    await signatures!.write(name, [changed])
    await expect(find(1, 0)).rejects.toThrow(`signatures/${name}: expected`)
  }
})

test('the manifest’s own checksum', async () => {
  const message = await messagesOfChanges(signatures!, ['00000.manifest.json'], () => find(1, 0))
  expect(message['00000.manifest.json']).toMatch(
    /^signatures\/00000.manifest.json: expected contents of its own checksum, [0-9a-f]{16}, got [0-9a-f]{16}\. Run the stage that wrote it again, and those behind it\.$/,
  )
})

test('verifying', async () => {
  const documents = (rank: number) => shards[rank] as Document[]
  const verify = () =>
    verifyPairs({ signatures: signatures!, pairs: pairs!, verified: verified!, minhasher, documents, threshold: 0.5 })
  expectAllNamed(await messagesOfChanges(pairs!, await names(pairs!, /./), verify), 12)
  expectAllNamed(await messagesOfChanges(signatures!, await names(signatures!, /contents$/), verify), 2)
  await verify()
  const measure = () => measurePairs({ signatures: signatures!, pairs: pairs!, verified: verified!, threshold: 0.5 })
  expectAllNamed(await messagesOfChanges(verified!, await names(verified!, /^shingles/), measure), 6)
})

test('stage 3, of pairs and of verified pairs', async () => {
  const documents = (rank: number) => shards[rank] as Document[]
  await verifyPairs({
    signatures: signatures!,
    pairs: pairs!,
    verified: verified!,
    minhasher,
    documents,
    threshold: 0.5,
  })
  const choose = (from: Storage) => () =>
    chooseRemovals({ signatures: signatures!, pairs: from, removals: removals!, keep: 'longest' })
  expectAllNamed(await messagesOfChanges(pairs!, await names(pairs!, /./), choose(pairs!)), 12)
  const own = await names(verified!, /dups|similarities|^\d+_00.manifest/)
  expectAllNamed(await messagesOfChanges(verified!, own, choose(verified!)), 9)
  expectAllNamed(await messagesOfChanges(signatures!, await names(signatures!, /contents|manifest/), choose(pairs!)), 4)
})

test('stage 4', async () => {
  await chooseRemovals({ signatures: signatures!, pairs: pairs!, removals: removals!, provenance: true })
  const drop = async () => {
    for (const [rank, documents] of shards.entries()) {
      const onDrop = () => {}
      const options = { documents, rank, inputs: [], signatures: signatures!, removals: removals!, minhasher, onDrop }
      await collect(dropDuplicates(options))
    }
  }
  await drop()
  expectAllNamed(await messagesOfChanges(removals!, await names(removals!, /./), drop), 6)
  expectAllNamed(await messagesOfChanges(signatures!, await names(signatures!, /contents|manifest/), drop), 4)
})
