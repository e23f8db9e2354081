import type { Pipeline, StageProgress } from '@almanac/data-filter/pipeline'
import { stagesOf } from '@almanac/data-filter/pipeline'
import { bar, duration } from '../progress-line.js'

const WHAT: Readonly<Record<StageProgress['stage'], string>> = {
  filter: 'read and filter',
  sign: 'signatures',
  pair: 'pairs',
  shingle: 'shingles of pairs',
  measure: 'similarities',
  choose: 'clusters',
  finish: 'duplicates out',
  tokens: 'tokens',
}

/** A line about a stage: how far, how fast, how long still. `already` are the bytes of inputs that an earlier run is done with. */
export function stageLine(pipeline: Pipeline, progress: StageProgress, already: number): string {
  const { stage, unitsDone, units, records, characters, bytes, seconds } = progress
  const names = stagesOf(pipeline).map(({ name }) => name)
  const place = `${names.indexOf(stage) + 1}/${names.length} ${WHAT[stage]}`
  const total = pipeline.options.files.reduce((sum, file) => sum + file.bytes, 0)
  const left = Math.max(1, total - already)
  const share = unitsDone === units || stage !== 'filter' ? unitsDone / units : Math.min(1, bytes / left)
  const rest = share > 0.02 && seconds > 2 && share < 1 ? `, ${duration((seconds * (1 - share)) / share)} left` : ''
  const speed =
    records > 0
      ? `, ${rate(records / seconds)} documents/s, ${(characters / seconds / 1e6).toFixed(1)} MB/s of text`
      : ''
  const shown = `${Math.floor(100 * share)} %`
  return `${place.padEnd(20)} ${bar(share)} ${shown.padStart(5)}, ${duration(seconds)}${rest}${speed}`
}

const rate = (value: number): string => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'))
