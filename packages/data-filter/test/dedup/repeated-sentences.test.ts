import { seededRandom } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { ManifestError, OptionError } from '../../src/data-filter-error.js'
import {
  type DropSentencesOptions,
  dropRepeatedSentences,
  findRepeatedSentences,
  LINES,
  SENTENCES,
  type SentenceChange,
  type SignSentencesOptions,
  signSentences,
} from '../../src/dedup/index.js'
import type { Document } from '../../src/document.js'
import { memoryStorage } from '../../src/memory-storage.js'
import { simplifyText } from '../../src/minhash/index.js'
import type { Storage } from '../../src/storage.js'
import { collect, filesOf, messagesOfChanges, shardsOf } from '../minhash/data-sets.js'

const INPUTS = [{ name: 'a.jsonl', bytes: 3 }]
interface Plan {
  readonly worldSize?: number
  readonly parts?: number
  readonly sign?: Partial<SignSentencesOptions>
  readonly drop?: Partial<DropSentencesOptions>
  readonly memoryBytes?: number
}

async function upToDuplicates(shards: readonly Document[][], { parts = 1, sign, memoryBytes }: Plan = {}) {
  const [spans, duplicates] = [memoryStorage('spans'), memoryStorage('dups')]
  const memory = memoryBytes ? { memoryBytes } : {}
  for (const [rank, documents] of shards.entries())
    await signSentences({ documents, rank, worldSize: shards.length, inputs: INPUTS, spans, ...memory, ...sign })
  for (let part = 0; part < parts; part++) await findRepeatedSentences({ spans, duplicates, part, parts, ...memory })
  return { spans, duplicates }
}
const dropFrom = async (
  shards: readonly Document[][],
  from: { spans: Storage; duplicates: Storage },
  drop: Partial<DropSentencesOptions> = {},
) => {
  const texts: Record<string, string> = {}
  for (const [rank, documents] of shards.entries()) {
    for await (const { id, text } of dropRepeatedSentences({ documents, rank, inputs: INPUTS, ...from, ...drop }))
      texts[id] = text
  }
  return texts
}
async function run(all: readonly Document[], plan: Plan = {}) {
  const shards = shardsOf(all, plan.worldSize ?? 1)
  return dropFrom(shards, await upToDuplicates(shards, plan), {
    ...(plan.sign?.splitter ? { splitter: plan.sign.splitter } : {}),
    ...plan.drop,
  })
}
const documentsOf = (texts: readonly string[]): Document[] =>
  texts.map((text, i) => ({ id: `${i}`, text, metadata: {} }))

/** Documents of few different sentences, so that many spans repeat. */
function fewSentences(count: number, seed: number, kinds = 12): Document[] {
  const random = seededRandom(seed)
  const sentences = Array.from({ length: kinds }, (_, i) => `Sentence ${String.fromCharCode(97 + i)} is number such.`)
  const texts = Array.from({ length: count }, () =>
    Array.from({ length: random.integer(9) }, () => random.pick([...sentences, '...'])).join(random.pick([' ', '\n'])),
  )
  return documentsOf(texts)
}

/** The definition, with a set of strings. Sentences are what the splitter says. */
function bruteForce(all: readonly Document[], size: number, keeps: (text: string, count: number) => boolean) {
  const seen = new Set<string>()
  const texts: Record<string, string> = {}
  for (const { id, text } of all) {
    const ends = SENTENCES.ends(text)
    const pieces = ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end))
    const goes = new Set<number>()
    for (let i = 0; i + size <= pieces.length; i++) {
      const span = pieces.slice(i, i + size).map((piece) => simplifyText(piece))
      const key = span.join(' ')
      if (key.trim() === '') continue
      if (seen.has(key)) for (let k = 0; k < size; k++) goes.add(i + k)
      seen.add(key)
    }
    const left = pieces.filter((_, i) => !goes.has(i))
    const result = goes.size === 0 ? text : left.join('').trimStart()
    if (goes.size === 0 || (result !== '' && keeps(result, left.length))) texts[id] = result
  }
  return texts
}

describe('repeated sentences', () => {
  test.each([
    [1, 40],
    [2, 12],
    [3, 5],
    [4, 3],
  ])('go as brute force has it, spans of %i, with any shards, parts and memory', async (size, kinds) => {
    const all = fewSentences(150, size, kinds)
    const wanted = bruteForce(all, size, () => true)
    const changed = all.filter(({ id, text }) => wanted[id] !== text).length
    expect(changed).toBeGreaterThan(20)
    const drop = { minWords: 0, minSentences: 0 }
    for (const plan of [
      {},
      { worldSize: 4, parts: 3 },
      { worldSize: 160, parts: 2, memoryBytes: 2000 },
      { memoryBytes: 1000 },
    ])
      expect(await run(all, { ...plan, drop, sign: { sentences: size } })).toEqual(wanted)
  })

  test('leave documents of three sentences and fifty words and more, unless told otherwise', async () => {
    const all = fewSentences(200, 4)
    // A sentence has six tokens: five words and its period; dots have one.
    const tokens = (text: string) => text.replaceAll(/([a-z])\./g, '$1 .').split(/\s+/).length
    const sentences = (text: string) => SENTENCES.ends(text).length
    for (const [minWords, minSentences] of [
      [0, 3],
      [18, 0],
      [19, 0],
      [12, 2],
    ] as const) {
      const wanted = bruteForce(all, 3, (text) => tokens(text) >= minWords && sentences(text) >= minSentences)
      expect(await run(all, { drop: { minWords, minSentences } })).toEqual(wanted)
    }
    expect(await run(all)).toEqual(bruteForce(all, 3, (text) => tokens(text) >= 50 && sentences(text) >= 3))
  })

  test('of a document go at exactly what is asked for and not above', async () => {
    const repeated = 'One is here. Two is here. Three is here.'
    const own = 'Four words are mine. Five words are also mine.'
    const all = documentsOf([repeated, `${repeated} ${own}`])
    // Left: two sentences of five and six tokens.
    const words = async (minWords: number, minSentences: number) =>
      (await run(all, { drop: { minWords, minSentences } }))['1']
    expect(await words(11, 2)).toBe(own)
    expect(await words(12, 2)).toBeUndefined()
    expect(await words(11, 3)).toBeUndefined()
  })

  test('are told of, each change', async () => {
    const span = 'One is here. Two is here. Three is here.'
    const all = documentsOf([`Start. ${span}`, `${span}  Then an end that is new.`, span, `Begin here. ${span} B.`])
    const shards = shardsOf(all, 2)
    const changes: SentenceChange[] = []
    const onChange = (change: SentenceChange) => changes.push(change)
    await dropFrom(shards, await upToDuplicates(shards), { onChange, minWords: 0, minSentences: 1 })
    expect(changes.map(({ document: { id }, ...rest }) => ({ id, ...rest }))).toEqual([
      { id: '1', text: 'Then an end that is new.', removed: [0, 1, 2], dropped: null },
      { id: '2', text: '', removed: [0, 1, 2], dropped: 'empty' },
      { id: '3', text: 'Begin here. B.', removed: [1, 2, 3], dropped: null },
    ])
    const few = await upToDuplicates(shards)
    const reasons: unknown[] = []
    await dropFrom(shards, few, { onChange: ({ dropped }) => reasons.push(dropped), minWords: 8, minSentences: 2 })
    expect(reasons).toEqual(['too_few_words', 'empty', 'too_few_words'])
    reasons.length = 0
    await dropFrom(shards, few, { onChange: ({ dropped }) => reasons.push(dropped), minWords: 7, minSentences: 2 })
    expect(reasons).toEqual(['too_few_sentences', 'empty', 'too_few_words'])
  })

  test('stay where they have fewer words together than asked for', async () => {
    const span = 'One is here. Two is here. Three is here.'
    const all = documentsOf([span, `${span} Other words. ${span} More words.`])
    const drop = { minWords: 0, minSentences: 0 }
    // Twelve tokens a run.
    expect((await run(all, { drop: { ...drop, minSpanWords: 12 } }))['1']).toBe('Other words. More words.')
    expect((await run(all, { drop: { ...drop, minSpanWords: 13 } }))['1']).toBe(all[1]!.text)
  })

  test('may be lines', async () => {
    const all = documentsOf(['Menu\nHome\nAbout\nFirst text', 'menu\n\nhome!\nABOUT\nOther text\n', 'x'])
    const plan = { sign: { splitter: LINES }, drop: { minWords: 0, minSentences: 0 } }
    expect(await run(all, plan)).toEqual({ 0: all[0]!.text, 1: 'Other text', 2: 'x' })
  })

  test('leave nothing of sorting behind, and the same files in little memory', async () => {
    const shards = shardsOf(fewSentences(100, 7), 3)
    const [much, little] = [await upToDuplicates(shards), await upToDuplicates(shards, { memoryBytes: 500 })]
    expect(await filesOf(little.spans)).toEqual(await filesOf(much.spans))
    expect(await filesOf(little.duplicates)).toEqual(await filesOf(much.duplicates))
  })

  test('stop where a bit of any file has changed, and name it', async () => {
    const shards = shardsOf(fewSentences(100, 8), 2)
    const { spans, duplicates } = await upToDuplicates(shards, { parts: 2 })
    const find = async () => {
      for (const part of [0, 1]) await findRepeatedSentences({ spans, duplicates: memoryStorage(), part, parts: 2 })
    }
    const drop = () => dropFrom(shards, { spans, duplicates })
    const names = async (storage: Storage, pattern: RegExp) =>
      (await storage.list('')).map(({ name }) => name).filter((name) => pattern.test(name))
    for (const [storage, pattern, action, count] of [
      [spans, /spans|blocks|manifest/, find, 6],
      [spans, /contents|manifest/, drop, 4],
      [duplicates, /./, drop, 4],
    ] as const) {
      const messages = await messagesOfChanges(storage, await names(storage, pattern), action)
      expect(Object.keys(messages)).toHaveLength(count)
      for (const [name, message] of Object.entries(messages))
        expect([name, message]).toEqual([name, expect.stringContaining(name)])
    }
  })

  test('refuse what does not belong together', async () => {
    const shards = shardsOf(fewSentences(40, 9), 2)
    const { spans, duplicates } = await upToDuplicates(shards, { parts: 2 })
    const first = { documents: shards[0] as Document[], rank: 0, worldSize: 2, inputs: INPUTS, spans }
    const refused = async (
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
    const drop =
      (more: Partial<DropSentencesOptions> = {}) =>
      () =>
        collect(dropRepeatedSentences({ ...first, duplicates, ...more }))
    await refused(
      () => signSentences({ ...first, rank: 2 }),
      OptionError,
      'signSentences: expected a rank from 0 to below worldSize, got rank 2 of 2.',
    )
    await refused(
      () => signSentences({ ...first, sentences: 0 }),
      OptionError,
      'signSentences: sentences: expected a whole number from 1 on, got 0.',
    )
    await refused(
      () => findRepeatedSentences({ spans, duplicates, parts: 0 }),
      OptionError,
      'findRepeatedSentences: parts: expected a whole number from 1 on, got 0.',
    )
    await refused(
      () => findRepeatedSentences({ spans, duplicates, part: 2, parts: 2 }),
      OptionError,
      'findRepeatedSentences: part: expected a whole number from 0 to 1, got 2.',
    )
    await refused(drop({ rank: 2 }), OptionError, 'dropRepeatedSentences: rank: expected one from 0 to 1, got 2.')
    await refused(
      drop({ splitter: LINES }),
      OptionError,
      'dropRepeatedSentences: splitter: expected that of stage 1, sentences-1, got lines-1.',
    )
    await refused(
      drop({ inputs: [] }),
      ManifestError,
      'spans/00000.manifest.json: expected a.jsonl of 3 bytes, as spans/00000.manifest.json has it, got no further file.',
    )
    await refused(
      drop({ documents: [] }),
      ManifestError,
      `spans/00000.manifest.json: expected ${first.documents.length} documents, got 0.`,
    )
    await findRepeatedSentences({ spans, duplicates, part: 1, parts: 3 })
    await refused(
      drop(),
      ManifestError,
      'dups/part_00001.manifest.json: expected part 1 of 2, got part 1 of 3. Run all parts with one number of parts.',
    )
    await signSentences({ ...first, documents: [] })
    await refused(
      drop(),
      ManifestError,
      /^dups\/part_00000.manifest.json: expected duplicates of the spans [0-9a-f]{16}, got duplicates of [0-9a-f]{16}\. Sentences were signed again since: run stage 2 again too\.$/,
    )
    await signSentences({ ...first, splitter: LINES })
    await refused(
      () => findRepeatedSentences({ spans, duplicates }),
      ManifestError,
      /^spans\/00001.manifest.json: expected the configuration of shard 0, \{.*lines-1.*\}, got \{.*sentences-1.*\}\./,
    )
  })
})

describe('splitters', () => {
  const pieces = (text: string, splitter = SENTENCES) => {
    const ends = splitter.ends(text)
    return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end))
  }
  test('part texts into sentences with the white space before them', () => {
    expect(pieces('One. Two!  Three?" Four')).toEqual(['One.', ' Two!', '  Three?"', ' Four'])
    expect(pieces('Mr. Smith came.\nHe went... and left.  \n')).toEqual([
      'Mr. Smith came.',
      '\nHe went...',
      ' and left.',
    ])
    expect(pieces('3.5 is v1.2.3 of it. ')).toEqual(['3.5 is v1.2.3 of it.'])
    expect([pieces(''), pieces(' \n')]).toEqual([[], []])
  })
  test('part texts into lines that are not blank', () => {
    expect(pieces('a\n\nb \n c', LINES)).toEqual(['a', '\n\nb ', '\n c'])
    expect([pieces('', LINES), pieces('\n\n', LINES)]).toEqual([[], []])
  })
})
