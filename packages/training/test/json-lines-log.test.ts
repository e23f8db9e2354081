import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cpuDevice, setDefaultDevice } from '@almanac/tensor-core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { jsonLinesLog, memoryStorage, tokenBatches, train } from '../src/index.js'
import { tinySetup, tinyText } from './tiny-language-model.js'

let folder: string
beforeEach(() => {
  setDefaultDevice(cpuDevice())
  folder = mkdtempSync(join(tmpdir(), 'almanac-log-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('tells of one run without a break, though it was stopped behind its checkpoint', async () => {
  const path = join(folder, 'log.jsonl')
  const storage = memoryStorage()
  const run = async (steps: number, resume: boolean) => {
    const log = await jsonLinesLog(path)
    const batches = tokenBatches(tinyText, { batchSize: 2, contextLength: 8 })
    await train({ ...tinySetup(), batches, steps, checkpoint: { storage, every: 4, resume }, onProgress: log.write })
    await log.close()
  }
  const read = () =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  await run(4, false)
  // What a killed run leaves: updates behind the checkpoint, and half a line.
  appendFileSync(path, '{"type":"step","step":5,"loss":9}\n{"type":"st')
  await run(8, true)
  const events = read()
  expect(events.map(({ type, step }) => `${type} ${step}`)).toEqual([
    ...[1, 2, 3, 4].map((step) => `step ${step}`),
    'checkpoint 4',
    'resumed 4',
    ...[5, 6, 7, 8].map((step) => `step ${step}`),
    'checkpoint 8',
  ])
  for (const event of events) expect(event.seconds).toBeGreaterThanOrEqual(0)
  expect(events[1]).toMatchObject({ steps: 4, loss: expect.any(Number), gradientNorm: expect.any(Number) })
  await run(4, false)
  expect(read()).toHaveLength(5)
})
