import { beforeEach, describe, expect, test } from 'vitest'
import { FormatError, ManifestError, OptionError } from '../../src/data-filter-error.js'
import type { Document } from '../../src/document.js'
import { writeManifest } from '../../src/manifest/manifest-file.js'
import { memoryStorage } from '../../src/memory-storage.js'
import {
  chooseRemovals,
  dropDuplicates,
  FINEWEB_MINHASH,
  findPairs,
  type Minhasher,
  openMinhasher,
  readPairManifest,
  readSignatureManifest,
  signDocuments,
} from '../../src/minhash/index.js'
import type { Storage } from '../../src/storage.js'

const CONFIG = { ...FINEWEB_MINHASH, buckets: 2, tokenizer: 'spaces' }
const INPUTS = [
  { name: 'crawl/0.jsonl', bytes: 10 },
  { name: 'crawl/1.jsonl', bytes: 20 },
]
const TEXTS = ['one two three four five six', 'a b c d e f g', 'one two three four five six']
const DOCUMENTS: Document[] = TEXTS.map((text, i) => ({
  id: `doc${i}`,
  text,
  metadata: { file_path: `crawl/${i >> 1}.jsonl` },
}))

let minhasher: Minhasher
let [signatures, pairs, removals]: Storage[] = []
const sign = (rank: number, more: object = {}) =>
  signDocuments({
    minhasher,
    documents: DOCUMENTS,
    rank,
    worldSize: 2,
    inputs: INPUTS,
    signatures: signatures!,
    ...more,
  })
const pairUp = (more: object = {}) => findPairs({ signatures: signatures!, pairs: pairs!, bucket: 0, ...more })
const choose = () => chooseRemovals({ signatures: signatures!, pairs: pairs!, removals: removals! })
const drop = async (more: object = {}) => {
  const ids: string[] = []
  const options = {
    documents: DOCUMENTS,
    rank: 1,
    inputs: INPUTS,
    minhasher,
    signatures: signatures!,
    removals: removals!,
  }
  for await (const { id } of dropDuplicates({ ...options, ...more })) ids.push(id)
  return ids
}
const refuses = async (
  action: () => Promise<unknown>,
  kind: new (...args: never[]) => Error,
  text: string | RegExp,
) => {
  const error = await action().then(
    () => new Error('no error'),
    (error: Error) => error,
  )
  expect(error.message).toMatch(text)
  expect(error).toBeInstanceOf(kind)
}
const bytesOf = async (storage: Storage, name: string) => {
  const bytes: number[] = []
  for await (const piece of storage.read(name)) bytes.push(...piece)
  return Uint8Array.from(bytes)
}

beforeEach(async () => {
  minhasher = await openMinhasher(CONFIG, (text) => text.split(' '))
  signatures = memoryStorage('sig')
  pairs = memoryStorage('pairs')
  removals = memoryStorage('rem')
  await sign(0)
  await sign(1)
  await pairUp()
  await pairUp({ bucket: 1 })
  await choose()
})

describe('signDocuments', () => {
  test('refuses a rank outside the world', async () => {
    await refuses(
      () => sign(2),
      OptionError,
      'signDocuments: expected a rank from 0 to below worldSize, got rank 2 of 2.',
    )
  })
})

describe('findPairs', () => {
  test('refuses places that do not exist', async () => {
    await refuses(
      () => pairUp({ bucket: 2 }),
      OptionError,
      'findPairs: bucket: expected a whole number from 0 to 1, got 2.',
    )
    await refuses(
      () => pairUp({ part: 1 }),
      OptionError,
      'findPairs: part: expected a whole number from 0 to 0, got 1.',
    )
    await refuses(
      () => pairUp({ parts: 101 }),
      OptionError,
      'findPairs: parts - 1: expected a whole number from 0 to 99, got 100.',
    )
  })

  test('refuses shards of different configurations or numbers', async () => {
    const other = await openMinhasher({ ...CONFIG, seed: 2 }, (text) => text.split(' '))
    await sign(1, { minhasher: other })
    await refuses(
      pairUp,
      ManifestError,
      /^sig\/00001.manifest.json: expected the configuration of shard 0, \{.*"seed":1.*\}, got \{.*"seed":2.*\}\. Sign all shards with one configuration and one number of shards\.$/,
    )
    await sign(1, { worldSize: 3 })
    await refuses(
      pairUp,
      ManifestError,
      'sig/00001.manifest.json: expected shard 1 of 2, got shard 1 of 3. Sign all shards',
    )
    await signatures!.remove('00001.manifest.json')
    await refuses(
      pairUp,
      ManifestError,
      'sig/00001.manifest.json: expected a manifest, got no such file. Run the stage before this one to its end.',
    )
    await signatures!.write('00001.manifest.json', [new TextEncoder().encode('{')])
    await refuses(
      pairUp,
      FormatError,
      'sig/00001.manifest.json: expected a manifest of kind almanac.minhash.signatures, version 1, got something else.',
    )
    await signatures!.write('00001.manifest.json', [new TextEncoder().encode('{"kind":"a","version":2}')])
    await refuses(pairUp, FormatError, 'got kind a, version 2.')
  })

  test('refuses signatures that are cut or changed', async () => {
    const name = 'bucket_000/00001.minhash.sig'
    const bytes = await bytesOf(signatures!, name)
    await signatures!.write(name, [bytes.subarray(0, 68)])
    await refuses(
      pairUp,
      ManifestError,
      `sig/${name}: expected 204 bytes, as its manifest has it, got 68 bytes. Run the stage that wrote it again, and those behind it.`,
    )
    const last = bytes.slice()
    last[last.length - 1] = 1
    await signatures!.write(name, [last])
    await refuses(
      pairUp,
      ManifestError,
      /^sig\/bucket_000\/00001.minhash.sig: expected the checksum [0-9a-f]{16} of block 2, as its manifest has it, got [0-9a-f]{16}\./,
    )
    // What is refused writes nothing: the four pairs of the run before are still there.
    expect(await bytesOf(pairs!, '00000_00.dups')).toHaveLength(64)
  })

  test('refuses a storage that gives fewer bytes than it says', async () => {
    const broken: Storage = {
      ...signatures!,
      read: (name, range) =>
        range?.end && range.end > 100 ? signatures!.read(name, { ...range, end: 100 }) : signatures!.read(name, range),
    }
    await refuses(
      () => pairUp({ signatures: broken }),
      ManifestError,
      'sig/bucket_000/00000.minhash.sig: expected 204 bytes, as its manifest has it, got 100. Run the stage that wrote it again, and those behind it.',
    )
  })
})

describe('chooseRemovals', () => {
  test('refuses pairs of other signatures', async () => {
    await sign(0, { documents: DOCUMENTS.slice(0, 2) })
    await refuses(
      choose,
      ManifestError,
      /^pairs\/00000_00.manifest.json: expected pairs of the signatures [0-9a-f]{16}, got pairs of [0-9a-f]{16}\. Signatures were made again since: run stage 2 again too\.$/,
    )
  })

  test('refuses missing and mixed parts', async () => {
    await pairUp({ parts: 2, part: 0 })
    await refuses(choose, ManifestError, 'pairs/00000_01.manifest.json: expected a manifest, got no such file.')
    await pairUp({ parts: 3, part: 1 })
    await refuses(
      choose,
      ManifestError,
      'pairs/00000_01.manifest.json: expected part 1 of 2, got part 1 of 3. Run all parts of this bucket with one number of parts.',
    )
  })

  test('refuses pairs of documents that do not exist', async () => {
    const words = Uint32Array.of(0, 0, 1, 3)
    const bytes = new Uint8Array(words.buffer)
    const manifest = await readPairManifest(pairs!, 1, 0)
    await pairs!.write('00001_00.dups', [bytes])
    await writeManifest(pairs!, '00001_00.manifest.json', { ...manifest, file: { ...manifest.file, bytes: 16 } })
    await refuses(
      choose,
      FormatError,
      'pairs/00001_00.dups: expected shards and documents of the signatures, got document 3 of shard 1. The pairs belong to other signatures.',
    )
  })

  test('refuses more documents than 32 bits count', async () => {
    const manifest = await readSignatureManifest(signatures!, 1)
    await writeManifest(signatures!, '00001.manifest.json', { ...manifest, documents: 2 ** 32 })
    await refuses(
      choose,
      OptionError,
      'chooseRemovals: expected fewer than 2^32 documents, got 4294967299. Deduplicate in several groups.',
    )
  })
})

describe('dropDuplicates', () => {
  const HINT = 'Give the files that stage 1 had for this rank, or begin again with stage 1.'

  test('gives what is left of the same data', async () => {
    expect(await drop()).toEqual([])
    expect(await drop({ rank: 0 })).toEqual(['doc0', 'doc1'])
  })

  test('refuses other input files', async () => {
    await refuses(
      () => drop({ inputs: INPUTS.slice(0, 1) }),
      ManifestError,
      `sig/00001.manifest.json: expected crawl/1.jsonl of 20 bytes, as sig/00001.manifest.json has it, got no further file. ${HINT}`,
    )
    await refuses(
      () => drop({ inputs: [INPUTS[0], { name: 'crawl/1.jsonl', bytes: 21 }] }),
      ManifestError,
      `crawl/1.jsonl: expected crawl/1.jsonl of 20 bytes, as sig/00001.manifest.json has it, got crawl/1.jsonl of 21 bytes. ${HINT}`,
    )
    await refuses(
      () => drop({ inputs: [...INPUTS, { name: 'crawl/2.jsonl', bytes: 1 }] }),
      ManifestError,
      `crawl/2.jsonl: expected no further file, as sig/00001.manifest.json has it, got crawl/2.jsonl of 1 bytes. ${HINT}`,
    )
  })

  test('refuses changed, missing, additional and reordered documents', async () => {
    const edited = DOCUMENTS.map((document, i) => (i === 1 ? { ...document, text: `${document.text} ` } : document))
    await refuses(
      () => drop({ documents: edited }),
      ManifestError,
      `crawl/0.jsonl: doc1: expected document 1 of sig/00001.manifest.json, got another text. ${HINT}`,
    )
    const plain = edited.map(({ id, text }) => ({ id, text, metadata: {} }))
    await refuses(
      () => drop({ documents: plain }),
      ManifestError,
      'doc1: expected document 1 of sig/00001.manifest.json, got another text.',
    )
    await refuses(
      () => drop({ documents: DOCUMENTS.slice(0, 2) }),
      ManifestError,
      `sig/00001.manifest.json: expected 3 documents, got 2. ${HINT}`,
    )
    await refuses(
      () => drop({ documents: [...DOCUMENTS, DOCUMENTS[0]] }),
      ManifestError,
      `sig/00001.manifest.json: expected 3 documents, got another one, doc0. ${HINT}`,
    )
  })

  test('refuses removals of other signatures, and changed ones', async () => {
    await removals!.write('000001.remove', [Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)])
    await refuses(drop, ManifestError, /^rem\/000001.remove: expected the checksum/)
    await removals!.remove('000001.remove')
    await refuses(
      drop,
      ManifestError,
      'rem/000001.remove: expected 12 bytes, as its manifest has it, got no such file.',
    )
    await sign(1, { documents: DOCUMENTS.slice(0, 2) })
    await refuses(
      drop,
      ManifestError,
      /^rem\/000001.manifest.json: expected removals of the signatures [0-9a-f]{16}, got removals of [0-9a-f]{16}\. Run stages 2 and 3 again\.$/,
    )
  })
})
