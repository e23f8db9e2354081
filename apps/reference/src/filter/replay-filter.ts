import { type Filter, PROFILES, type Rule } from '@almanac/data-filter'
import { type Replay, replayRun } from '@almanac/data-filter/pipeline'
import { UsageError } from '../usage-error.js'
import { readJob } from './filter-job.js'
import { type FilterArguments, openOut, readOut, readProfile } from './filter-options.js'
import { pipelineOf } from './filter-pipeline.js'

/** Shows what other thresholds make of the documents that a run has measured. */
export async function replayFilter(options: FilterArguments): Promise<void> {
  const out = readOut(options)
  const storage = openOut(out)
  const pipeline = await pipelineOf(await readJob(storage), 'look')
  const { filters, lastFilters = [] } = pipeline.options
  const wanted = options.profile === undefined ? [] : PROFILES[readProfile(options.profile)].filters()
  const thresholds = (options.threshold ?? []).map(readThreshold)
  const known = [...filters, ...lastFilters].flatMap((filter) =>
    filter.rules.map((rule) => `${filter.name}/${rule.reason}`),
  )
  for (const { key, text } of thresholds) {
    if (known.includes(key)) continue
    throw noThreshold(text)
  }
  const changed = (filter: Filter): Filter => {
    const other = wanted.find(({ name }) => name === filter.name) ?? filter
    const rule = (one: Rule): Rule => {
      const found = thresholds.find(({ key }) => key === `${filter.name}/${one.reason}`)
      return found ? { ...one, than: found.than } : one
    }
    return { ...other, rules: other.rules.map(rule) }
  }
  const started = performance.now()
  const first = await replayRun(storage, pipeline, 'filter', filters.map(changed))
  const last = lastFilters.length > 0 ? await replayRun(storage, pipeline, 'finish', lastFilters.map(changed)) : null
  if (options.json) {
    console.log(JSON.stringify({ filter: first, finish: last }))
    return
  }
  console.log(shown('before duplicates', first))
  if (last) console.log(shown('after duplicates', last))
  console.log(
    `${(first.documents + (last?.documents ?? 0)).toLocaleString('en')} decisions in ${((performance.now() - started) / 1000).toFixed(2)} s`,
  )
}

const noThreshold = (text: string) =>
  new UsageError(
    `filter: expected --threshold as filter/reason=number with a rule of the run, as gopher-quality/gopher_short_doc=40, got '${text}'. The report lists them.`,
  )

function readThreshold(text: string): { readonly key: string; readonly than: number; readonly text: string } {
  const [, key = '', number = ''] = /^([^=]+)=(.+)$/.exec(text) ?? []
  const than = Number(number)
  if (key !== '' && number.trim() !== '' && Number.isFinite(than)) return { key, than, text }
  throw noThreshold(text)
}

function shown(when: string, { documents, keptBefore, kept, gained, lost, dropped, otherSettings }: Replay): string {
  const number = (value: number) => value.toLocaleString('en')
  const rows = Object.entries(dropped).sort(([, a], [, b]) => b - a)
  return [
    `${when}: ${number(kept)} of ${number(documents)} documents kept, ${number(keptBefore)} before; ${number(gained)} come back, ${number(lost)} go`,
    ...rows.map(([reason, count]) => `  ${reason.padEnd(52)} ${number(count).padStart(9)}`),
    ...otherSettings.map(
      (name) => `  note: ${name} measures with other settings there; its numbers are as this run measured them`,
    ),
  ].join('\n')
}
