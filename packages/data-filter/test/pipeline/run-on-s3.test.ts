import { seededRandom } from '@almanac/test-kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { memoryStorage } from '../../src/index.js'
import { s3Storage } from '../../src/io/index.js'
import { runPipeline, runTask, stagesOf } from '../../src/pipeline/index.js'
import { type Fault, startFaultyProxy } from '../io/faulty-proxy.js'
import { BUCKET, keys, type S3TestServer, startS3TestServer } from '../io/s3-test-server.js'
import { contentsOf, smallPipeline, writeSmallCorpus } from './small-corpus.js'

let server: S3TestServer
beforeAll(async () => {
  server = await startS3TestServer()
})
afterAll(() => server.close())

const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  GET: ['status-500', 'status-503', 'reset-download'],
  PUT: ['status-500', 'status-503', 'reset-upload', 'lost-answer'],
  HEAD: ['status-500', 'status-503', 'lost-answer'],
  DELETE: ['status-500', 'lost-answer'],
}

test('four tasks with leases over a bucket that fails again and again leave what one task in memory leaves', async () => {
  const inMemory = memoryStorage()
  await writeSmallCorpus(inMemory)
  const few = { segmentRecords: 40, shards: 2 }
  const files = (await inMemory.list('in/')).slice(0, 2)
  const expected = memoryStorage()
  await runPipeline({ pipeline: await smallPipeline(inMemory, { ...few, files }), storage: expected })

  const random = seededRandom(7)
  let faults = 0
  const proxy = await startFaultyProxy(server.port, ({ method }) => {
    if (random.next() > 0.05) return null
    faults++
    return random.pick(FAULTS[method] ?? ['status-500'])
  })
  try {
    const bucket = (prefix: string) =>
      s3Storage({ bucket: BUCKET, prefix, endpoint: proxy.endpoint, credentials: keys, firstDelayMs: 1, retries: 12 })
    const inputs = bucket('inputs')
    await writeSmallCorpus(inputs)
    const pipeline = await smallPipeline(inputs, { ...few, files })
    const storage = bucket('outputs')
    for (const { name, units } of stagesOf(pipeline)) {
      const tasks = await Promise.all(
        [0, 1, 2, 3].map((rank) =>
          runTask({
            pipeline,
            stage: name,
            rank,
            worldSize: 4,
            storage,
            lease: { owner: `task ${rank}`, leaseMs: 4000 },
          }),
        ),
      )
      expect(tasks.flatMap(({ done }) => done).sort((a, b) => a - b)).toEqual(
        Array.from({ length: units }, (_, i) => i),
      )
    }
    expect(await contentsOf(bucket('outputs'))).toEqual(await contentsOf(expected))
    expect(faults).toBeGreaterThan(10)
  } finally {
    await proxy.close()
  }
})
