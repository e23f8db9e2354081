import { FormatError, OptionError } from '../data-filter-error.js'
import { littleEndianWords } from '../manifest/little-endian.js'
import { type ManifestHead, readManifest, writeManifest } from '../manifest/manifest-file.js'
import type { Storage } from '../storage.js'
import { bandShape } from './band-file.js'
import type { RecordShape } from './record-sort.js'
import type { SignatureConfig } from './signer.js'
import { type SortedFile, type SortedFileWriter, sortedFileWriter } from './sorted-file.js'

const KIND = 'almanac.minhash.index'
const ENDING = '.minhash.index'

/** What lies beside a file of an index. */
export interface IndexManifest extends ManifestHead {
  readonly kind: typeof KIND
  /** Of the signatures; null for a file of datatrove's, which does not say. */
  readonly config: SignatureConfig | null
  readonly file: SortedFile
}

/** A record of an index: the bucket's hashes and nothing else, each once. */
export function indexShape(config: SignatureConfig): RecordShape {
  const shape = bandShape(config)
  return { ...shape, stride: shape.stride - 1 }
}

const folder = (bucket: number) => `bucket_${`${bucket}`.padStart(3, '0')}/`
/** datatrove's name: `bucket_003/mine_00.minhash.index`. */
export const indexFileName = (bucket: number, name: string, part: number): string =>
  `${folder(bucket)}${name}_${`${part}`.padStart(2, '0')}${ENDING}`
/** Beside the bucket's folder, not in it: datatrove takes every file there for an index. */
const besides = (file: string, ending: string) => `index_${file.slice('bucket_'.length, -ENDING.length)}${ending}`

/** A file of an index that is written record by record. Put its manifest beside it when it is finished: `finishIndex`. */
export function indexWriter(storage: Storage, file: string, config: SignatureConfig): Promise<SortedFileWriter> {
  return sortedFileWriter(storage, file, besides(file, '.blocks'), indexShape(config))
}

export async function finishIndex(
  storage: Storage,
  writer: SortedFileWriter,
  config: SignatureConfig | null,
): Promise<IndexManifest> {
  const file = await writer.finish()
  const manifest: IndexManifest = { kind: KIND, version: 1, config, file }
  await writeManifest(storage, besides(file.name, '.manifest.json'), manifest)
  return manifest
}

/** The names of a bucket's files, all but those that were made under the name `without`. */
export async function listIndexFiles(storage: Storage, bucket: number, without?: string): Promise<string[]> {
  const names = (await storage.list(folder(bucket))).map(({ name }) => name).filter((name) => name.endsWith(ENDING))
  const isOwn = (name: string) => {
    const base = name.slice(folder(bucket).length, -ENDING.length)
    return without !== undefined && base.replace(/_\d{2}$/, '') === without && base !== without
  }
  return names.filter((name) => !isOwn(name))
}

/** Throws ManifestError where the file has no manifest: `adoptIndex` makes one for a file of datatrove's. */
export const readIndexManifest = (storage: Storage, file: string): Promise<IndexManifest> =>
  readManifest<IndexManifest>(
    storage,
    besides(file, '.manifest.json'),
    KIND,
    'Run adoptIndex if datatrove wrote this index.',
  )

/**
 * Takes over an index that datatrove wrote, or an empty folder's: reads each bucket's files through, writes the same bytes again
 * and beside them what `findPairs` checks. Throws FormatError where records are out of order or cut, OptionError for a configuration of
 * another record size that shows.
 */
export async function adoptIndex(storage: Storage, config: SignatureConfig): Promise<readonly IndexManifest[]> {
  const shape = indexShape(config)
  const recordBytes = 4 * shape.stride
  const manifests: IndexManifest[] = []
  for (let bucket = 0; bucket < config.buckets; bucket++) {
    for (const name of await listIndexFiles(storage, bucket)) {
      const bytes = (await storage.size(name)) as number
      if (bytes % recordBytes !== 0) {
        throw new OptionError(
          `adoptIndex: ${storage.location}/${name}`,
          `records of ${recordBytes} bytes, as the configuration has them`,
          `${bytes} bytes`,
          'Give the configuration that the index was made with.',
        )
      }
      const writer = await indexWriter(storage, name, config)
      try {
        let rest = new Uint8Array(0)
        for await (const piece of storage.read(name)) {
          const joined = new Uint8Array(rest.length + piece.length)
          joined.set(rest)
          joined.set(piece, rest.length)
          const whole = joined.length - (joined.length % recordBytes)
          rest = joined.slice(whole)
          await writer.push(littleEndianWords(joined.subarray(0, whole)))
        }
        if (rest.length > 0) {
          throw new FormatError(`${storage.location}/${name}`, `${bytes} bytes`, `${bytes - rest.length} whole ones`)
        }
        manifests.push(await finishIndex(storage, writer, null))
      } catch (error) {
        await writer.abort(error)
        throw error
      }
    }
  }
  return manifests
}
