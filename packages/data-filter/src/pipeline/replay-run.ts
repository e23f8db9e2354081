import { ManifestError } from '../data-filter-error.js'
import type { JsonValue } from '../document.js'
import type { Filter } from '../filters/filter.js'
import { replayFilters } from '../filters/replay-filters.js'
import type { Statistics } from '../filters/rule.js'
import type { Storage } from '../storage.js'
import { jsonLines } from './document-lines.js'
import type { Pipeline } from './pipeline.js'
import { stageOf } from './stage.js'
import { readUnitManifest, unitManifestName } from './unit-manifest.js'

/** What a run kept of a document beside its text: a line of `attributes`. */
export interface Attributes {
  readonly id: string
  readonly dropped: { readonly filter: string; readonly reason: string } | null
  /** All rules that would drop it, as `filter/reason`. */
  readonly reasons: readonly string[]
  /** By filter. */
  readonly statistics: Readonly<Record<string, Statistics>>
}

/** What other thresholds make of the documents of a stage. */
export interface Replay {
  readonly documents: number
  readonly keptBefore: number
  readonly kept: number
  /** Documents that were dropped and are kept now, and the other way round. */
  readonly gained: number
  readonly lost: number
  /** By `filter/reason` of the first rule that drops a document now. */
  readonly dropped: Readonly<Record<string, number>>
  /** Filters whose settings beside the rules are others than the run's: their statistics are as the run measured them. */
  readonly otherSettings: readonly string[]
}

/**
 * Decides again on what a stage measured, by other rules, without any text: minutes of measuring become seconds of reading numbers.
 * Documents that extraction dropped, or a filter that is not among these, stay dropped. Throws ManifestError where the stage is not
 * done, or kept no attributes.
 */
export async function replayRun(
  storage: Storage,
  pipeline: Pipeline,
  stage: 'filter' | 'finish',
  filters: readonly Filter[],
): Promise<Replay> {
  const { filters: first, lastFilters = [] } = pipeline.options
  const had = stage === 'filter' ? first : lastFilters
  const names = new Set(filters.map(({ name }) => name))
  const counts = { documents: 0, keptBefore: 0, kept: 0, gained: 0, lost: 0 }
  const dropped: Record<string, number> = {}
  for (let unit = 0; unit < stageOf(pipeline, stage).units; unit++) {
    const file = (await readUnitManifest(storage, pipeline, stage, unit)).files['attributes']
    if (!file) {
      throw new ManifestError(
        `${storage.location}/${unitManifestName(stage, unit)}`,
        'a file of attributes',
        'none',
        'Run the pipeline with attributes: true, into another folder.',
      )
    }
    for await (const line of jsonLines<Attributes>(storage, file)) {
      const gone = line.dropped && !names.has(line.dropped.filter) ? line.dropped : null
      const now = gone ?? replayFilters(filters, line.statistics)
      counts.documents++
      if (!line.dropped) counts.keptBefore++
      if (!now) counts.kept++
      else {
        const key = `${now.filter}/${now.reason}`
        dropped[key] = (dropped[key] ?? 0) + 1
      }
      if (line.dropped && !now) counts.gained++
      if (!line.dropped && now) counts.lost++
    }
  }
  const settingsOf = (filter: Filter | undefined): JsonValue => filter?.settings ?? null
  const otherSettings = filters
    .filter((filter) => {
      const before = had.find(({ name }) => name === filter.name)
      return before && JSON.stringify(settingsOf(before)) !== JSON.stringify(settingsOf(filter))
    })
    .map(({ name }) => name)
  return { ...counts, dropped, otherSettings }
}
