import { FormatError, ManifestError } from '../data-filter-error.js'
import type { Storage } from '../storage.js'
import { readFile } from './checked-file.js'
import { checksumOf } from './checksum.js'

/** What the manifests of this folder begin with. In its file a manifest ends with a checksum of itself. */
export interface ManifestHead {
  readonly kind: string
  readonly version: 1
}

/** Writes a manifest. It goes last: where it lies, all that it names lies too. */
export async function writeManifest<M extends ManifestHead>(
  storage: Storage,
  name: string,
  manifest: M,
): Promise<void> {
  await storage.write(name, [await manifestBytes(manifest)])
}

/** A manifest as a file: JSON with a checksum of all else in it. */
export async function manifestBytes<M extends ManifestHead>(manifest: M): Promise<Uint8Array> {
  const checksum = await checksumOf(JSON.stringify(manifest))
  return new TextEncoder().encode(`${JSON.stringify({ ...manifest, checksum }, null, 1)}\n`)
}

/** Throws ManifestError where there is none or it was changed, FormatError where the file is something else. */
export async function readManifest<M extends ManifestHead>(
  storage: Storage,
  name: string,
  kind: M['kind'],
  hint = 'Run the stage before this one to its end.',
): Promise<M> {
  const where = `${storage.location}/${name}`
  if ((await storage.size(name)) === null) throw new ManifestError(where, 'a manifest', 'no such file', hint)
  const text = new TextDecoder().decode(await readFile(storage, name))
  let value: (Partial<ManifestHead> & { checksum?: string }) | null = null
  try {
    value = JSON.parse(text)
  } catch {
    // The error below says what is wrong.
  }
  if (value?.kind !== kind || value.version !== 1) {
    const got = value?.kind === undefined ? 'something else' : `kind ${value.kind}, version ${value.version}`
    throw new FormatError(where, `a manifest of kind ${kind}, version 1`, got)
  }
  const { checksum, ...manifest } = value
  const own = await checksumOf(JSON.stringify(manifest))
  if (checksum !== own) {
    const again = 'Run the stage that wrote it again, and those behind it.'
    throw new ManifestError(where, `contents of its own checksum, ${checksum}`, own, again)
  }
  return manifest as M
}
