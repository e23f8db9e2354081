// MinHash signatures, one thread: megabytes (UTF-8) a second from text to 112 minima over 5-word shingles, simplifying the text and
// taking its words included, over documents of about 500 words.
import { FINEWEB_MINHASH, openMinhasher } from '@almanac/data-filter/minhash'
import { median } from './measured/median.js'
import { benchOptions } from './shared/bench-options.js'
import { congressDocuments } from './shared/congress-documents.js'
import { startReport } from './shared/report.js'
import { roundTo } from './shared/round-to.js'

const options = benchOptions()
const report = startReport('minhash', options)
const texts = congressDocuments(2900).map(({ text }) => text)
const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
const words = texts.reduce((sum, text) => sum + text.split(/\s+/).length, 0)
const runs = await Promise.all(
  (['sha1', 'xxhash64'] as const).flatMap((hash) =>
    (['fineweb-2024-05', 'datatrove-0.10'] as const).map(async (normalisation) => {
      const config = { ...FINEWEB_MINHASH, hash, normalisation, tokenizer: 'spaces' }
      return {
        hash,
        normalisation,
        minhasher: await openMinhasher(config, (text) => text.split(' ')),
        times: [] as number[],
      }
    }),
  ),
)
for (let round = -2; round < (options.rounds ?? 7); round++) {
  for (const { minhasher, times } of runs) {
    const start = performance.now()
    for (const text of texts) minhasher.signature(text)
    if (round >= 0) times.push(performance.now() - start)
  }
}
for (const { hash, normalisation, times } of runs) {
  report.row(`MinHash over ${texts.length} documents of ${Math.round(words / texts.length)} words`, {
    ...{ hash, normalisation },
    megabytesPerSecond: roundTo(bytes / 1e3 / median(times), 1),
    documentsPerSecond: roundTo((1e3 * texts.length) / median(times), 0),
  })
}
report.finish()
