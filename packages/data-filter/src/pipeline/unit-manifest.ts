import { ManifestError } from '../data-filter-error.js'
import type { CheckedFile } from '../manifest/checked-file.js'
import { type ManifestHead, readManifest } from '../manifest/manifest-file.js'
import type { Storage } from '../storage.js'
import type { Pipeline } from './pipeline.js'
import type { StageName } from './stage.js'
import type { StageCounts } from './stage-counts.js'

const KIND = 'almanac.pipeline.unit'

/** What a unit of work leaves when it is done. Where it lies, all that it names lies too. */
export interface UnitManifest extends ManifestHead {
  readonly kind: typeof KIND
  /** The pipeline's fingerprint. */
  readonly pipeline: string
  readonly stage: StageName
  readonly unit: number
  /** Its results by what they are: `kept`, `dropped`, `skipped`, `attributes`. */
  readonly files: Readonly<Record<string, CheckedFile>>
  /** Null for stages that see no documents. */
  readonly counts: StageCounts | null
}

export const unitManifest = (fields: Omit<UnitManifest, 'kind' | 'version'>): UnitManifest => ({
  kind: KIND,
  version: 1,
  ...fields,
})

export const unitName = (unit: number): string => `${unit}`.padStart(5, '0')
export const unitManifestName = (stage: StageName, unit: number): string => `manifests/${stage}/${unitName(unit)}.json`

/**
 * A unit's manifest. Throws ManifestError where it is missing or of another pipeline, FormatError where it is none.
 */
export async function readUnitManifest(
  storage: Storage,
  { fingerprint }: Pipeline,
  stage: StageName,
  unit: number,
): Promise<UnitManifest> {
  const name = unitManifestName(stage, unit)
  const manifest = await readManifest<UnitManifest>(storage, name, KIND)
  if (manifest.pipeline === fingerprint && manifest.stage === stage && manifest.unit === unit) return manifest
  throw new ManifestError(
    `${storage.location}/${name}`,
    `unit ${unit} of ${stage} of the pipeline ${fingerprint}`,
    `unit ${manifest.unit} of ${manifest.stage} of ${manifest.pipeline}`,
    'Give this pipeline a folder of its own.',
  )
}
