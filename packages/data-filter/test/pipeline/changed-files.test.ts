import { expect, test } from 'vitest'
import { DataFilterError, memoryStorage, type Storage } from '../../src/index.js'
import { FINEWEB_MINHASH } from '../../src/minhash/index.js'
import { nearDuplicates, runTask, type StageName, stagesOf } from '../../src/pipeline/index.js'
import { smallPipeline, writeSmallCorpus } from './small-corpus.js'

const inputs = memoryStorage()
await writeSmallCorpus(inputs)
const pipeline = await smallPipeline(inputs, {
  files: (await inputs.list('in/')).slice(0, 2),
  shards: 2,
  duplicates: nearDuplicates({
    config: { ...FINEWEB_MINHASH, buckets: 2, tokenizer: 'spaces' },
    tokenize: (text) => text.split(' '),
    threshold: 0.8,
  }),
  tokens: { name: 'letters', vocabularySize: 300, endToken: 299, encode: (text) => new TextEncoder().encode(text) },
})
const names = stagesOf(pipeline).map(({ name }) => name)

async function bytesOf(storage: Storage, name: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const piece of storage.read(name)) parts.push(piece)
  return Buffer.concat(parts)
}

const runStage = async (stage: StageName, storage: Storage) => {
  await runTask({ pipeline, stage, rank: 0, worldSize: 1, storage })
}

/** What each stage reads of the stages before it. */
const READS: readonly (readonly [stage: StageName, files: RegExp])[] = [
  ['sign', /^manifests\/filter\/|^filter\/kept\//],
  ['pair', /^manifests\/sign\/|^signatures\/.*(\.sig|\.blocks|\.manifest\.json)$/],
  ['shingle', /^manifests\/pair\/|^pairs\/|^filter\/kept\/|^signatures\/.*\.contents$/],
  ['measure', /^manifests\/shingle\//],
  ['choose', /^manifests\/measure\/|^verified\/.*(\.dups|\.similarities|\d\d\d\d\d_00\.manifest\.json)$/],
  ['finish', /^manifests\/(filter|choose)\/|^removals\/|^filter\/kept\//],
  ['tokens', /^manifests\/finish\/|^documents\//],
]

test.each(READS)('one byte changed in anything that %s reads stops it, and it names the file', async (stage, files) => {
  const storage = memoryStorage()
  for (const name of names.slice(0, names.indexOf(stage))) await runStage(name, storage)
  const read = (await storage.list('')).map(({ name }) => name).filter((name) => files.test(name))
  expect(read.length).toBeGreaterThan(1)
  for (const name of read) {
    const bytes = await bytesOf(storage, name)
    if (bytes.length === 0) continue
    const changed = Uint8Array.from(bytes)
    // A figure in a manifest, so that it stays JSON; any byte of other files.
    const digit = name.endsWith('.json') ? bytes.findLastIndex((byte) => byte >= 48 && byte < 57) : -1
    const at = digit >= 0 ? digit : Math.floor(bytes.length / 2)
    changed[at] = (changed[at] as number) + (digit >= 0 ? 1 : 128)
    await storage.write(name, [changed])
    const error = await runStage(stage, storage).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error, name).toBeInstanceOf(DataFilterError)
    expect((error as Error).message).toContain(`memory:/${name}: expected`)
    await storage.write(name, [bytes])
    for (const { name: left } of await storage.list(`segments/${stage}/`)) await storage.remove(left)
    for (const { name: left } of await storage.list(`manifests/${stage}/`)) await storage.remove(left)
  }
  await runStage(stage, storage)
})
