import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { memoryStorage, type Storage, StorageError } from '../../src/index.js'
import { FINEWEB_MINHASH } from '../../src/minhash/index.js'
import { nearDuplicates, readUnitManifest, runPipeline, runTask, stagesOf } from '../../src/pipeline/index.js'
import { contentsOf, sentences, smallPipeline, textOf, writeSmallCorpus } from './small-corpus.js'

const inputs = memoryStorage()
await writeSmallCorpus(inputs)
const pipeline = await smallPipeline(inputs)
const whole = memoryStorage()
await runPipeline({ pipeline, storage: whole })
const expected = await contentsOf(whole)

const linesOf = (name: string) =>
  gunzipSync(Buffer.from(expected[name] as string, 'base64'))
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

test('every record ends in one place', async () => {
  const shards = [0, 1, 2]
  const filter = await Promise.all(shards.map((unit) => readUnitManifest(whole, pipeline, 'filter', unit)))
  const sum = (of: (counts: NonNullable<(typeof filter)[0]['counts']>) => number) =>
    filter.reduce((total, { counts }) => total + of(counts!), 0)
  expect(sum(({ records }) => records)).toBe(240)
  expect(sum(({ skipped }) => skipped['bad-line'] ?? 0)).toBe(24)
  expect(sum(({ dropped }) => dropped['sentences/few_sentences']?.documents ?? 0)).toBe(24)
  expect(sum(({ kept }) => kept.documents)).toBe(192)
  const documents = shards.flatMap((unit) => linesOf(`documents/0000${unit}.jsonl.gz`))
  const duplicates = shards.flatMap((unit) => linesOf(`finish/dropped/0000${unit}.jsonl.gz`))
  // Four texts that all six files have: one of each stays.
  expect(duplicates).toHaveLength(20)
  expect(documents).toHaveLength(172)
  expect(new Set([...documents, ...duplicates].map(({ id }) => id)).size).toBe(192)
  expect(duplicates[0].metadata).toMatchObject({
    filter: 'duplicates',
    filter_reason: 'near_duplicate',
    duplicate_of: expect.stringMatching(/^00000\/\d+$/),
  })
  expect(documents[0]).toEqual({ text: `${textOf(0)}!`, id: 'in/0.txt/0', metadata: { file_path: 'in/0.txt' } })
  const page = documents.find(({ id }) => id === 'in/0.txt/8')
  expect(page).toEqual({ text: `${textOf(8)}!`, id: 'in/0.txt/8', metadata: {} })
  expect(linesOf('filter/skipped/00000.jsonl.gz')[0]).toEqual({
    skipped: 'bad-line',
    where: 'in/0.txt:3',
    detail: '!3',
  })
  const attributes = linesOf('filter/attributes/00000.jsonl.gz')
  expect(attributes[0]).toMatchObject({ id: 'in/0.txt/0', dropped: null, statistics: { sentences: { sentences: 8 } } })
})

test.each([2, 3, 8])('%i ranks leave the same files as one', async (worldSize) => {
  const storage = memoryStorage()
  for (const { name } of stagesOf(pipeline)) {
    for (let rank = worldSize - 1; rank >= 0; rank--) {
      await runTask({ pipeline, stage: name, rank, worldSize, storage })
    }
  }
  expect(await contentsOf(storage)).toEqual(expected)
})

test('tasks that claim units leave the same files, and each unit is done once', async () => {
  const storage = memoryStorage()
  for (const { name, units } of stagesOf(pipeline)) {
    const tasks = await Promise.all(
      Array.from({ length: 4 }, (_, rank) =>
        runTask({ pipeline, stage: name, rank, worldSize: 4, storage, lease: { owner: `${rank}`, leaseMs: 400 } }),
      ),
    )
    expect(tasks.flatMap(({ done }) => done).sort((a, b) => a - b)).toEqual(Array.from({ length: units }, (_, i) => i))
  }
  expect(await contentsOf(storage)).toEqual(expected)
})

/** Fails at the nth write, as a task does that is killed there: before it, or after it. */
function failingStorage(storage: Storage, at: number, after: boolean): Storage {
  let writes = 0
  const strike = async <T>(run: () => Promise<T>): Promise<T> => {
    const now = writes++ === at
    if (now && !after) throw new StorageError('test', 'to go on', 'a kill')
    const result = await run()
    if (now) throw new StorageError('test', 'to go on', 'a kill')
    return result
  }
  return {
    ...storage,
    write: (name, pieces) => strike(() => storage.write(name, pieces)),
    create: (name, bytes) => strike(() => storage.create(name, bytes)),
    remove: (name) => strike(() => storage.remove(name)),
  }
}

test('stopped at any write or removal and started again, it leaves the same files', async () => {
  const pipeline = await smallPipeline(inputs, {
    files: (await inputs.list('in/')).slice(0, 2),
    duplicates: nearDuplicates({
      config: { ...FINEWEB_MINHASH, buckets: 2, tokenizer: 'spaces' },
      tokenize: (text) => text.split(' '),
    }),
    shards: 2,
    segmentRecords: 25,
  })
  const whole = memoryStorage()
  await runPipeline({ pipeline, storage: whole })
  const expected = await contentsOf(whole)
  let stopped = true
  let moments = 0
  for (let at = 0; stopped; at++) {
    for (const after of [false, true]) {
      const storage = memoryStorage()
      stopped = false
      try {
        await runPipeline({ pipeline, storage: failingStorage(storage, at, after) })
      } catch {
        stopped = true
        moments++
      }
      await runPipeline({ pipeline, storage })
      expect(await contentsOf(storage)).toEqual(expected)
    }
  }
  expect(moments).toBeGreaterThan(60)
})

test('with similarities measured, a pair that is not similar enough stays apart', async () => {
  const of = async (threshold: number) => {
    const pipeline = await smallPipeline(inputs, {
      duplicates: nearDuplicates({
        config: { ...FINEWEB_MINHASH, tokenizer: 'spaces' },
        tokenize: (text) => text.split(' '),
        threshold,
      }),
    })
    expect(stagesOf(pipeline).map(({ name }) => name)).toEqual([
      ...['filter', 'sign', 'pair', 'shingle', 'measure', 'choose', 'finish'],
    ])
    const storage = memoryStorage()
    await runPipeline({ pipeline, storage })
    return { storage, counts: (await readUnitManifest(storage, pipeline, 'finish', 2)).counts! }
  }
  const { storage, counts } = await of(0.9)
  expect(counts.dropped['duplicates/near_duplicate']?.documents).toBe(8)
  const files = await contentsOf(storage)
  const line = gunzipSync(Buffer.from(files['finish/dropped/00002.jsonl.gz'] as string, 'base64'))
  expect(JSON.parse(line.toString().split('\n')[0] as string).metadata).toMatchObject({ duplicate_similarity: 1 })
})

test('a task that goes on does not do again what is saved', async () => {
  const storage = memoryStorage()
  const seen: number[] = []
  const run = (target: Storage) => {
    let records = 0
    return runTask({
      ...{ pipeline, stage: 'filter', rank: 0, worldSize: 1, storage: target },
      onProgress: (progress) => (records = progress.records),
    }).finally(() => seen.push(records))
  }
  await expect(run(failingStorage(storage, 60, false))).rejects.toThrow('a kill')
  await run(storage)
  // A segment has seven records, and the one that was being saved is done again.
  expect((seen[0] as number) + (seen[1] as number)).toBeLessThanOrEqual(240 + 7 + 7)
  expect(seen[0]).toBeGreaterThan(60)
})

test('another pipeline does not go on with what the first one left', async () => {
  const other = await smallPipeline(inputs, { filters: [sentences(6)] })
  await expect(runTask({ pipeline: other, stage: 'filter', rank: 0, worldSize: 1, storage: whole })).rejects.toThrow(
    'memory:/pipeline.json: expected filters[0].rules[0].than 6, as this pipeline has it, got 5. ' +
      'Results of one pipeline do not go on with another: give it a folder of its own.',
  )
})

test('a stage waits for the one before', async () => {
  const storage = memoryStorage()
  await runTask({ pipeline, stage: 'filter', rank: 0, worldSize: 2, storage })
  await expect(runTask({ pipeline, stage: 'sign', rank: 1, worldSize: 2, storage })).rejects.toThrow(
    'memory:/manifests/filter/00001.json: expected a manifest, got no such file. Run the stage before this one to its end.',
  )
  await runTask({ pipeline, stage: 'sign', rank: 0, worldSize: 2, storage })
  await expect(runTask({ pipeline, stage: 'pair', rank: 0, worldSize: 1, storage })).rejects.toThrow(
    'memory:/manifests/sign/00001.json: expected a manifest',
  )
})
