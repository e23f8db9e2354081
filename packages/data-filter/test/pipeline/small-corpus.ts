import type { Document, Filter, Reader, Storage } from '../../src/index.js'
import { countSentences } from '../../src/index.js'
import { FINEWEB_MINHASH } from '../../src/minhash/index.js'
import {
  definePipeline,
  inlineExtraction,
  nearDuplicates,
  type Pipeline,
  type PipelineOptions,
} from '../../src/pipeline/index.js'

const WORDS = 'stone river light garden window paper silver winter market letter'.split(' ')

/** A number in letters: digits are all one to MinHash. */
const spelled = (number: number): string =>
  `word${[...`${number}`].map((digit) => 'abcdefghij'[Number(digit)]).join('')}`

/** A text of so many sentences that no other number gives. */
export const textOf = (number: number, sentences = 8): string =>
  Array.from({ length: sentences }, (_, i) => {
    const [name, place] = [spelled(number), spelled(number * 31 + i)]
    const word = (k: number) => WORDS[(number * 7 + i * 3 + k * k) % WORDS.length]
    return `The ${word(1)} ${name} of the ${word(2)} was ${place} and ${name} ${word(3)} to ${word(4)} ${place}.`
  }).join(' ')

/** A line of JSON a record; "!" in front makes it one that is skipped, "<" one that is a page. */
export const lineReader: Reader = {
  format: 'lines',
  async *read(storage, name, { skip = 0 } = {}) {
    const parts: Uint8Array[] = []
    for await (const piece of storage.read(name)) parts.push(piece)
    const lines = new TextDecoder().decode(Buffer.concat(parts)).split('\n').filter(Boolean)
    for (const [i, line] of lines.entries()) {
      if (i < skip) continue
      if (line.startsWith('!')) yield { skipped: 'bad-line', where: `${name}:${i}`, detail: line }
      else {
        const page = line.startsWith('<')
        const metadata: Document['metadata'] = page ? { content_type: 'text/html' } : { file_path: name }
        yield { document: { id: `${name}/${i}`, text: line, metadata } }
      }
    }
  },
}

/** Drops texts of fewer sentences than that. */
export const sentences = (least: number): Filter => ({
  name: 'sentences',
  rules: [{ statistic: 'sentences', drops: '<', than: least, reason: 'few_sentences' }],
  measure: (text) => ({ statistics: { sentences: countSentences(text) } }),
})

/** Six files of forty records: pages, short texts, duplicates, records that are none. */
export async function writeSmallCorpus(inputs: Storage): Promise<void> {
  for (let file = 0; file < 6; file++) {
    const lines = Array.from({ length: 40 }, (_, i) => {
      const number = 100 * file + i
      if (i % 10 === 3) return `!${number}`
      if (i % 10 === 5) return textOf(number, 2)
      if (i % 10 === 7) return textOf(i)
      if (i % 10 === 8) return `<html><body><article><p>${textOf(number)}</p></article></body></html>`
      return textOf(number)
    })
    await inputs.write(`in/${file}.txt`, [new TextEncoder().encode(lines.join('\n'))])
  }
}

export async function smallPipeline(inputs: Storage, options: Partial<PipelineOptions> = {}): Promise<Pipeline> {
  return definePipeline({
    inputs,
    files: await inputs.list('in/'),
    reader: () => lineReader,
    extraction: inlineExtraction(),
    filters: [sentences(5)],
    duplicates: nearDuplicates({
      config: { ...FINEWEB_MINHASH, tokenizer: 'spaces' },
      tokenize: (text) => text.split(' '),
    }),
    lastFilters: [
      { name: 'shout', rules: [], measure: (text) => ({ statistics: { length: text.length }, text: `${text}!` }) },
    ],
    shards: 3,
    keepDropped: true,
    attributes: true,
    segmentRecords: 7,
    ...options,
  })
}

/** All files of a storage, as text of base 64: what two runs must agree in. */
export async function contentsOf(storage: Storage): Promise<Record<string, string>> {
  const contents: Record<string, string> = {}
  for (const { name } of await storage.list('')) {
    const parts: Uint8Array[] = []
    for await (const piece of storage.read(name)) parts.push(piece)
    contents[name] = Buffer.concat(parts).toString('base64')
  }
  return contents
}
