import { ManifestError, OptionError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import { changedFile, checkSize, readRange } from '../manifest/checked-file.js'
import { checksumOf } from '../manifest/checksum.js'
import { littleEndianWords } from '../manifest/little-endian.js'
import { checkedDocuments } from '../minhash/checked-documents.js'
import { sortRecords } from '../minhash/record-sort.js'
import type { Storage, StoredFile } from '../storage.js'
import { wordTokenizer } from '../text/word-tokens.js'
import { duplicateNames, readDuplicateManifest, readSpanSet, spanNames } from './sentence-manifest.js'
import { SENTENCES, type SentenceSplitter } from './sentence-splitter.js'
import { contentIds, piecesOf } from './sign-sentences.js'

export interface DropSentencesOptions {
  /** The same documents, in the same order, as stage 1 had for this rank. */
  readonly documents: AsyncIterable<Document> | Iterable<Document>
  readonly rank: number
  readonly inputs: readonly StoredFile[]
  readonly spans: Storage
  /** Stage 2's result, of all parts. */
  readonly duplicates: Storage
  /** Stage 1's; `SENTENCES` if left out. */
  readonly splitter?: SentenceSplitter
  /** Words and sentences that a document needs which lost some: 50 and 3 if left out, 0 for any number. */
  readonly minWords?: number
  readonly minSentences?: number
  /** Neighbouring sentences with fewer words together stay; 0 if left out. */
  readonly minSpanWords?: number
  /** Gets each document that loses sentences. */
  readonly onChange?: (change: SentenceChange) => void
}

export interface SentenceChange {
  /** As it was. */
  readonly document: Document
  /** What is left. */
  readonly text: string
  /** The numbers of the sentences that went, ascending. */
  readonly removed: readonly number[]
  /** Why the document goes too; null where it stays. */
  readonly dropped: 'empty' | 'too_few_words' | 'too_few_sentences' | null
}

/**
 * Stage 3: the shard's documents without the sentences of repeated spans. A span that is not the first of its kind loses all of its
 * sentences, also those that it shares with another span. A document that lost some goes where less is left than asked for.
 * Holds 16 bytes a repeated span of the shard and 12 a document. Throws ManifestError, before the first document where files, sizes or
 * checksums differ, else at the document that does, and OptionError for another splitter than stage 1's.
 */
export async function* dropRepeatedSentences(options: DropSentencesOptions): AsyncGenerator<Document> {
  const { documents, rank, inputs, spans: storage, splitter = SENTENCES } = options
  const { minWords = 50, minSentences = 3, minSpanWords = 0, onChange } = options
  const { config, shards, fingerprint } = await readSpanSet(storage)
  const shard = shards[rank]
  if (!shard) {
    throw new OptionError('dropRepeatedSentences: rank', `one from 0 to ${shards.length - 1}`, `${rank}`)
  }
  if (config.splitter !== splitter.name) {
    throw new OptionError('dropRepeatedSentences: splitter', `that of stage 1, ${config.splitter}`, splitter.name)
  }
  const rows = await duplicatesOf(options.duplicates, rank, fingerprint)
  const contentId = await contentIds()
  const manifestName = spanNames(rank).manifest
  const tokenize = wordTokenizer()
  let [index, next] = [0, 0]
  for await (const document of checkedDocuments({ documents, inputs, shard, storage, manifestName, contentId })) {
    const starts: number[] = []
    for (; rows[next + 1] === index && next < rows.length; next += 2) starts.push(rows[next] as number)
    index++
    if (starts.length === 0) {
      yield document
      continue
    }
    const pieces = piecesOf(document.text, splitter.ends(document.text))
    const goes = new Uint8Array(pieces.length)
    for (const start of starts) goes.fill(1, start, start + config.sentences)
    if (minSpanWords > 0) keepShortRuns(pieces, goes, (text) => tokenize(text).count >= minSpanWords)
    const text = pieces
      .filter((_, i) => !goes[i])
      .join('')
      .trimStart()
    const removed = [...goes.keys()].filter((i) => goes[i])
    if (removed.length === 0) {
      yield document
      continue
    }
    let dropped: SentenceChange['dropped'] = null
    if (text === '') dropped = 'empty'
    else if (minWords > 0 && tokenize(text).count < minWords) dropped = 'too_few_words'
    else if (minSentences > 0 && splitter.ends(text).length < minSentences) dropped = 'too_few_sentences'
    onChange?.({ document, text, removed, dropped })
    if (!dropped) yield { ...document, text }
  }
}

/** Takes back the removal of neighbouring sentences that are not enough together. */
function keepShortRuns(pieces: readonly string[], goes: Uint8Array, isEnough: (text: string) => boolean): void {
  for (let begin = 0, end = 0; begin < goes.length; begin = end) {
    end = begin + 1
    while (end < goes.length && goes[end] === goes[begin]) end++
    if (goes[begin] && !isEnough(pieces.slice(begin, end).join(''))) goes.fill(0, begin, end)
  }
}

/** A shard's rows of all parts, by document and sentence: sentence and document, two words each. */
async function duplicatesOf(storage: Storage, rank: number, fingerprint: string): Promise<Uint32Array> {
  const pieces: Uint32Array[] = []
  for (let part = 0, parts = 1; part < parts; part++) {
    const manifest = await readDuplicateManifest(storage, part)
    const where = `${storage.location}/${duplicateNames(part).manifest}`
    if (manifest.spans !== fingerprint) {
      const hint = 'Sentences were signed again since: run stage 2 again too.'
      throw new ManifestError(where, `duplicates of the spans ${fingerprint}`, `duplicates of ${manifest.spans}`, hint)
    }
    if (part > 0 && manifest.parts !== parts) {
      const got = `part ${manifest.part} of ${manifest.parts}`
      throw new ManifestError(where, `part ${part} of ${parts}`, got, 'Run all parts with one number of parts.')
    }
    parts = manifest.parts
    await checkSize(storage, { ...manifest.file, checksum: '' })
    const before = manifest.shards.slice(0, rank).reduce((sum, { duplicates }) => sum + duplicates, 0)
    const own = manifest.shards[rank] as (typeof manifest.shards)[number]
    const range = { start: 8 * before, end: 8 * (before + own.duplicates) }
    const bytes = await readRange(storage, manifest.file, range)
    const checksum = await checksumOf(bytes)
    if (checksum !== own.checksum) {
      throw changedFile(storage, manifest.file, checksum, `the checksum ${own.checksum} of shard ${rank}`)
    }
    pieces.push(littleEndianWords(bytes))
  }
  const rows = new Uint32Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    rows.set(piece, at)
    at += piece.length
  }
  return sortRecords(rows, { stride: 2, hashes: 1, precision: 64 })
}
