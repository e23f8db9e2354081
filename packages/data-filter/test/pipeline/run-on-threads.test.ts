import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundleScript } from '@almanac/test-kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ManifestError, memoryStorage } from '../../src/index.js'
import { fileStorage } from '../../src/io/index.js'
import { runOnThreads, runPipeline, type StageProgress, stagesOf } from '../../src/pipeline/index.js'
import { contentsOf, smallPipeline, writeSmallCorpus } from './small-corpus.js'

const folder = mkdtempSync(join(tmpdir(), 'almanac-threads-'))
const inputs = join(folder, 'inputs')
let entry: URL
let expected: Record<string, string>
beforeAll(async () => {
  const root = resolve(import.meta.dirname, '../..')
  entry = pathToFileURL(await bundleScript(root, join(import.meta.dirname, 'task-thread.ts'), ['canvas']))
  await writeSmallCorpus(fileStorage(inputs))
  const whole = memoryStorage()
  await runPipeline({ pipeline: await smallPipeline(fileStorage(inputs)), storage: whole })
  expected = await contentsOf(whole)
})
afterAll(() => rmSync(folder, { recursive: true }))

const stages = async () => stagesOf(await smallPipeline(fileStorage(inputs)))

test('threads leave the same files as one task, and tell how far they are', async () => {
  const out = join(folder, 'out')
  const seen: StageProgress[] = []
  const summaries = await runOnThreads({
    ...{ entry, data: { inputs, out, dies: false }, stages: await stages(), threads: 3 },
    onProgress: (progress) => seen.push(progress),
  })
  expect(await contentsOf(fileStorage(out))).toEqual(expected)
  expect(summaries.map(({ stage, done }) => `${stage} ${done.length}`)).toEqual([
    ...['filter 3', 'sign 3', 'pair 14', 'choose 1', 'finish 3'],
  ])
  expect(seen.filter(({ stage }) => stage === 'filter').at(-1)).toMatchObject({ unitsDone: 3, units: 3, records: 240 })
})

test('a thread that dies is replaced, and its unit done again', async () => {
  const out = join(folder, 'died')
  await runOnThreads({ entry, data: { inputs, out, dies: true }, stages: await stages(), threads: 2 })
  const { died, ...files } = await contentsOf(fileStorage(out))
  expect(died).toBe('')
  expect(files).toEqual(expected)
})

test('what a task throws comes through with its class and parts', async () => {
  const out = join(folder, 'changed')
  const data = { inputs, out, dies: false }
  const [filter, sign] = await stages()
  await runOnThreads({ entry, data, stages: [filter!], threads: 1 })
  writeFileSync(join(out, 'manifests/filter/00001.json'), '{}')
  const error = await runOnThreads({ entry, data, stages: [sign!], threads: 2 }).catch((thrown) => thrown)
  expect(error.message).toContain('manifests/filter/00001.json: expected a manifest of kind almanac.pipeline.unit')
  rmSync(join(out, 'manifests/filter/00001.json'))
  await expect(runOnThreads({ entry, data, stages: [sign!], threads: 2 })).rejects.toBeInstanceOf(ManifestError)
})

test('stops when it is told to, and goes on later', async () => {
  const out = join(folder, 'stopped')
  const data = { inputs, out, dies: false }
  const stop = new AbortController()
  const run = runOnThreads({
    ...{ entry, data, stages: await stages(), threads: 2, signal: stop.signal },
    onProgress: ({ stage }) => stage === 'sign' && stop.abort(),
  })
  await expect(run).rejects.toMatchObject({ name: 'AbortError' })
  await runOnThreads({ entry, data, stages: await stages(), threads: 2 })
  expect(await contentsOf(fileStorage(out))).toEqual(expected)
})

test('refuses no threads, and a module that is none', async () => {
  const data = { inputs, out: folder, dies: false }
  await expect(runOnThreads({ entry, data, stages: [], threads: 0 })).rejects.toThrow(
    'runOnThreads: threads: expected a whole number of at least 1, got 0.',
  )
  const missing = pathToFileURL(join(folder, 'missing.mjs'))
  await expect(runOnThreads({ entry: missing, data, stages: await stages(), threads: 1 })).rejects.toThrow(
    `runOnThreads: entry: expected a module with an export serve that a worker thread can import, got ${missing}, with which the thread ended: Error`,
  )
})
