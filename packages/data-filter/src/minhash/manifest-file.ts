import { FormatError, ManifestError } from '../data-filter-error.js'
import type { Storage } from '../storage.js'
import { readFile } from './checked-file.js'

/** What the manifests of this folder begin with. */
export interface ManifestHead {
  readonly kind: string
  readonly version: 1
}

/** Writes a manifest. It goes last: where it lies, all that it names lies too. */
export async function writeManifest(storage: Storage, name: string, manifest: ManifestHead): Promise<void> {
  await storage.write(name, [manifestBytes(manifest)])
}

export const manifestBytes = (manifest: ManifestHead): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`)

/** Throws ManifestError where there is none, FormatError where the file is something else. */
export async function readManifest<M extends ManifestHead>(
  storage: Storage,
  name: string,
  kind: M['kind'],
  hint = 'Run the stage before this one to its end.',
): Promise<M> {
  const where = `${storage.location}/${name}`
  if ((await storage.size(name)) === null) {
    throw new ManifestError(where, 'a manifest', 'no such file', hint)
  }
  const text = new TextDecoder().decode(await readFile(storage, name))
  let value: Partial<ManifestHead> | null = null
  try {
    value = JSON.parse(text)
  } catch {
    // The error below says what is wrong.
  }
  if (value?.kind === kind && value.version === 1) return value as M
  const got = value?.kind === undefined ? 'something else' : `kind ${value.kind}, version ${value.version}`
  throw new FormatError(where, `a manifest of kind ${kind}, version 1`, got)
}
