import { ManifestError } from '../data-filter-error.js'
import type { JsonValue } from '../document.js'
import { type ManifestHead, manifestBytes, readManifest } from '../manifest/manifest-file.js'
import type { Storage } from '../storage.js'
import type { Pipeline } from './pipeline.js'

const KIND = 'almanac.pipeline'
export const PIPELINE_FILE = 'pipeline.json'

interface PipelineFile extends ManifestHead {
  readonly kind: typeof KIND
  readonly fingerprint: string
  readonly description: JsonValue
}

/**
 * Makes sure that a folder is of this pipeline: the first task writes down which one it is. Throws ManifestError where it is of another,
 * and says the first thing in which the two differ.
 */
export async function checkPipelineFile(storage: Storage, pipeline: Pipeline): Promise<void> {
  const { fingerprint, description } = pipeline
  const own: PipelineFile = { kind: KIND, version: 1, fingerprint, description }
  if ((await storage.size(PIPELINE_FILE)) === null) {
    await storage.create(PIPELINE_FILE, await manifestBytes(own))
  }
  const found = await readManifest<PipelineFile>(storage, PIPELINE_FILE, KIND)
  if (found.fingerprint === fingerprint) return
  const difference = firstDifference(found.description, description) ?? {
    path: 'fingerprint',
    had: found.fingerprint,
    has: fingerprint,
  }
  throw new ManifestError(
    `${storage.location}/${PIPELINE_FILE}`,
    `${difference.path} ${difference.has}, as this pipeline has it`,
    difference.had,
    'Results of one pipeline do not go on with another: give it a folder of its own.',
  )
}

interface Difference {
  readonly path: string
  readonly had: string
  readonly has: string
}

/** Where two descriptions differ first, as a path into them. */
export function firstDifference(had: JsonValue, has: JsonValue, path = ''): Difference | null {
  if (had !== null && has !== null && typeof had === 'object' && typeof has === 'object') {
    const [a, b] = [had, has] as readonly Readonly<Record<string, JsonValue>>[]
    if (Array.isArray(had) === Array.isArray(has)) {
      for (const key of new Set([...Object.keys(has), ...Object.keys(had)])) {
        const inner = Array.isArray(has) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
        const found = firstDifference(a?.[key] ?? null, b?.[key] ?? null, inner)
        if (found) return found
      }
      return null
    }
  }
  return had === has ? null : { path, had: shown(had), has: shown(has) }
}

function shown(value: JsonValue): string {
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
