// The filters of texts, one thread: megabytes (UTF-8) a second of each alone and of all of a profile, over documents of about
// 5 kB. Documents go through all filters, whatever drops them, as when attributes are kept.
import {
  applyFilters,
  c4Quality,
  type Document,
  type Filter,
  fineWebQuality,
  gopherQuality,
  gopherRepetition,
  PROFILES,
} from '@almanac/data-filter'
import { median } from './measured/median.js'
import { benchOptions } from './shared/bench-options.js'
import { congressDocuments } from './shared/congress-documents.js'
import { startReport } from './shared/report.js'
import { roundTo } from './shared/round-to.js'

const options = benchOptions()
const report = startReport('filters', options)

const texts: Document[] = congressDocuments(5000).map((one) => ({ ...one, metadata: {} }))
const bytes = texts.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
const cases: readonly (readonly [string, readonly Filter[]])[] = [
  ['Gopher repetition', [gopherRepetition()]],
  ['Gopher quality', [gopherQuality()]],
  ['C4', [c4Quality()]],
  ['FineWeb', [fineWebQuality()]],
  ...Object.values(PROFILES).map(({ name, filters }) => [`profile ${name}`, filters()] as const),
]
const runs = cases.map(([name, filters]) => ({
  name,
  apply: applyFilters(filters, { all: true }),
  times: [] as number[],
}))
for (let round = -2; round < (options.rounds ?? 7); round++) {
  for (const { apply, times } of runs) {
    const start = performance.now()
    for (const document of texts) apply(document)
    if (round >= 0) times.push(performance.now() - start)
  }
}
for (const { name, times } of runs) {
  report.row(`Filters over ${texts.length} documents, ${roundTo(bytes / 1e6, 1)} MB`, {
    filters: name,
    megabytesPerSecond: roundTo(bytes / 1e3 / median(times), 1),
    documentsPerSecond: roundTo((1e3 * texts.length) / median(times), 0),
  })
}
report.finish()
