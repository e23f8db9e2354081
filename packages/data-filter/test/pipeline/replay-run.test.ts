import { expect, test } from 'vitest'
import { memoryStorage } from '../../src/index.js'
import { replayRun, runPipeline, summariseRun } from '../../src/pipeline/index.js'
import { sentences, smallPipeline, writeSmallCorpus } from './small-corpus.js'

const inputs = memoryStorage()
await writeSmallCorpus(inputs)
const pipeline = await smallPipeline(inputs)
const storage = memoryStorage()
await runPipeline({ pipeline, storage })

test('the same rules decide the same', async () => {
  const replay = await replayRun(storage, pipeline, 'filter', [sentences(5)])
  expect(replay).toEqual({
    ...{ documents: 216, keptBefore: 192, kept: 192, gained: 0, lost: 0, otherSettings: [] },
    dropped: { 'sentences/few_sentences': 24 },
  })
})

test('other rules decide as a run with them does', async () => {
  for (const least of [1, 2, 3, 8, 9]) {
    const replay = await replayRun(storage, pipeline, 'filter', [sentences(least)])
    const other = await smallPipeline(inputs, { filters: [sentences(least)] })
    const again = memoryStorage()
    await runPipeline({ pipeline: other, storage: again })
    const { filter } = await summariseRun(again, other)
    expect(replay.kept).toBe(filter.kept.documents)
    expect(replay.kept - 192).toBe(replay.gained - replay.lost)
    expect(replay.dropped['sentences/few_sentences'] ?? 0).toBe(
      filter.dropped['sentences/few_sentences']?.documents ?? 0,
    )
  }
})

test('says which statistics were measured with other settings', async () => {
  const replay = await replayRun(storage, pipeline, 'filter', [{ ...sentences(5), settings: { other: true } }])
  expect(replay.otherSettings).toEqual(['sentences'])
})

test('refuses a run that kept no attributes', async () => {
  const without = await smallPipeline(inputs, { attributes: false })
  const bare = memoryStorage()
  await runPipeline({ pipeline: without, storage: bare })
  await expect(replayRun(bare, without, 'filter', [])).rejects.toThrow(
    'memory:/manifests/filter/00000.json: expected a file of attributes, got none. Run the pipeline with attributes: true, into another folder.',
  )
})
