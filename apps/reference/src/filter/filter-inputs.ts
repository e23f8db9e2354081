import { stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { StoredFile } from '@almanac/data-filter'
import { openStorage, readerFor } from '@almanac/data-filter/io'
import { UsageError } from '../usage-error.js'

export interface FilterInputs {
  readonly location: string
  readonly files: readonly StoredFile[]
  /** Files in the folders that no reader knows. */
  readonly unknown: readonly string[]
}

/**
 * The files that inputs name: files, folders with all in them, or one place in a bucket. Throws UsageError where there is none to read.
 */
export async function findInputs(inputs: readonly string[]): Promise<FilterInputs> {
  const remote = inputs.filter((input) => /^[a-z0-9+.-]{2,}:\/\//i.test(input))
  if (remote.length > 0 && inputs.length > 1) {
    throw new UsageError(
      `filter: expected one place in a bucket, or files and folders here, got ${inputs.length} of both. Run once for each.`,
    )
  }
  const found = remote.length > 0 ? await findRemote(remote[0] as string) : await findLocal(inputs)
  const files = found.files.filter(({ name }) => isReadable(name))
  const unknown = found.files.filter(({ name }) => !isReadable(name)).map(({ name }) => name)
  if (files.length > 0) return { location: found.location, files, unknown }
  const got = unknown.length > 0 ? `only others, ${unknown[0]} for one` : 'none'
  throw new UsageError(
    `filter: expected files of WARC, JSON lines, Parquet, HTML or text in ${inputs.join(', ')}, got ${got}. ` +
      'Names tell what a file is: .warc.gz, .wet.gz, .jsonl, .jsonl.gz, .parquet, .html, .txt.',
  )
}

async function findRemote(location: string): Promise<Omit<FilterInputs, 'unknown'>> {
  const folder = await openStorage(location).list('')
  if (folder.length > 0) return { location, files: folder }
  const slash = location.lastIndexOf('/')
  const [parent, name] = [location.slice(0, slash), location.slice(slash + 1)]
  const bytes = name === '' ? null : await openStorage(parent).size(name)
  return { location: parent, files: bytes === null ? [] : [{ name, bytes }] }
}

async function findLocal(inputs: readonly string[]): Promise<Omit<FilterInputs, 'unknown'>> {
  const paths = inputs.map((input) => resolve(input))
  const kinds = await Promise.all(
    paths.map(async (path) => {
      const found = await stat(path).catch(() => null)
      if (found) return found
      throw new UsageError(`filter: expected files or folders, got nothing at ${path}. Check the path.`)
    }),
  )
  const roots = paths.map((path, i) => (kinds[i]?.isDirectory() ? path : dirname(path)))
  const root = roots.reduce(commonFolder)
  const storage = openStorage(root)
  const files = new Map<string, StoredFile>()
  for (const [i, path] of paths.entries()) {
    const name = relative(root, path).split(sep).join('/')
    const inside = kinds[i]?.isDirectory() ? await storage.list(name === '' ? '' : `${name}/`) : null
    const own = inside ?? [{ name, bytes: (kinds[i] as { size: number }).size }]
    for (const file of own) files.set(file.name, file)
  }
  const sorted = [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { location: root, files: sorted }
}

function commonFolder(a: string, b: string): string {
  let folder = a
  for (;;) {
    const rest = relative(folder, b)
    if (!(rest === '..' || rest.startsWith(`..${sep}`) || isAbsolute(rest))) return folder
    folder = join(folder, '..')
  }
}

function isReadable(name: string): boolean {
  try {
    readerFor(name)
    return true
  } catch {
    return false
  }
}
