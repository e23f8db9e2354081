import { FormatError, ManifestError } from '../data-filter-error.js'
import type { Storage } from '../storage.js'
import { readFile } from './checked-file.js'
import { checksumOf } from './checksum.js'

/** What the manifests of this folder begin with. */
export interface ManifestHead {
  readonly kind: string
  readonly version: 1
}

/** Writes a manifest. It goes last: where it lies, all that it names lies too. */
export async function writeManifest(storage: Storage, name: string, manifest: ManifestHead): Promise<void> {
  await storage.write(name, [await manifestBytes(manifest)])
}

/** A manifest as a file: JSON whose last entry is a checksum of all before it, so that one changed byte is seen. */
export async function manifestBytes(manifest: ManifestHead): Promise<Uint8Array> {
  const body = JSON.stringify(manifest, null, 1)
  return new TextEncoder().encode(`${body.slice(0, -END.length)}${checksumEntry(await checksumOf(body))}${END}\n`)
}

const END = '\n}'
const checksumEntry = (checksum: string): string => `,\n "checksum": "${checksum}"`

/**
 * Throws ManifestError where there is none or where it was changed since it was written, FormatError where the file is something else.
 */
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
  const entry = checksumEntry(`${checksum}`)
  const body = `${text.slice(0, -`${entry}${END}\n`.length)}${END}`
  const own = await checksumOf(body)
  if (text !== `${body.slice(0, -END.length)}${entry}${END}\n` || checksum !== own) {
    throw new ManifestError(
      where,
      `a manifest with the checksum ${own}, as its bytes have`,
      checksum === undefined ? 'none' : `${checksum}`,
      'It was changed since it was written: run the stage that wrote it again, and those behind it.',
    )
  }
  return manifest as M
}
