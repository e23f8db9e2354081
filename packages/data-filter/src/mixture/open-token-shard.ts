import { FormatError, OptionError, StorageError } from '../data-filter-error.js'
import type { Storage } from '../storage.js'
import type { PositionedFile } from './positioned-file.js'
import { storagePositionedFile } from './storage-positioned-file.js'
import type { BytesPerToken } from './token-ids.js'
import { type TokenShard, tokenShard } from './token-shard.js'
import { parseTokenShardMetadata, type TokenShardMetadata, tokenShardFiles } from './token-shard-files.js'

export interface OpenTokenShardOptions {
  /** For shards without a metadata file; with one, what it says must be the same. */
  readonly bytesPerToken?: BytesPerToken
  /** Of a storage that is no folder: bytes of the blocks kept of each file. 16 MiB unless given. */
  readonly cacheBytes?: number
}

/** A metadata file has three short lines. */
const MOST_METADATA_BYTES = 65536

/**
 * Opens `{name}.ds` and the files beside it, as this package and datatrove write them. A folder of this machine (in Node) gives a
 * shard that can be read without waiting; any other storage is read by ranges, in blocks that are kept up to a bound.
 * Loss masks (`.ds.loss`) are not read. Throws OptionError, StorageError where a file is missing, FormatError where they do not fit together.
 */
export async function openTokenShard(
  storage: Storage | string,
  name: string,
  options: OpenTokenShardOptions = {},
): Promise<TokenShard> {
  const { bytesPerToken, cacheBytes = 2 ** 24 } = options
  const files = tokenShardFiles(name)
  const open = typeof storage === 'string' ? await inFolder(storage) : inStorage(storage, cacheBytes)
  const opened: PositionedFile[] = []
  try {
    for (const file of [files.tokens, files.index]) opened.push(await open(file))
    const [tokens, index] = opened as [PositionedFile, PositionedFile]
    const metadata = await readMetadata(open, files.metadata)
    const size = metadata?.bytesPerToken ?? bytesPerToken
    if (size === undefined) {
      const hint = 'Say how many bytes a token has: bytesPerToken.'
      throw new OptionError('openTokenShard', `bytesPerToken, or ${files.metadata}`, 'neither', hint)
    }
    if (bytesPerToken !== undefined && bytesPerToken !== size)
      throw new FormatError(tokens.where, `${bytesPerToken} bytes a token`, `${size}, as its metadata has it`)
    return await tokenShard({ tokens, index, metadata, bytesPerToken: size })
  } catch (error) {
    await Promise.all(opened.map((file) => file.close()))
    throw error
  }
}

async function inFolder(folder: string): Promise<(name: string) => Promise<PositionedFile>> {
  // Imported here so that pages which never call this do not load node:fs.
  const { nodePositionedFile } = await import('./node-positioned-file.js')
  return (name) => nodePositionedFile(folder, name)
}

function inStorage(storage: Storage, cacheBytes: number): (name: string) => Promise<PositionedFile> {
  return (name) => storagePositionedFile(storage, name, cacheBytes)
}

async function readMetadata(
  open: (name: string) => Promise<PositionedFile>,
  name: string,
): Promise<TokenShardMetadata | null> {
  let file: PositionedFile
  try {
    file = await open(name)
  } catch (error) {
    if (error instanceof StorageError && error.got === 'none of this name') return null
    throw error
  }
  try {
    const bytes = await file.read(0, Math.min(file.bytes, MOST_METADATA_BYTES))
    return parseTokenShardMetadata(file.where, new TextDecoder().decode(bytes))
  } finally {
    await file.close()
  }
}
