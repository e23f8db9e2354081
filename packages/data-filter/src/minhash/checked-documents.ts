import { ManifestError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import { type CheckedFile, readChecked } from '../manifest/checked-file.js'
import { littleEndianWords } from '../manifest/little-endian.js'
import type { Storage, StoredFile } from '../storage.js'
import type { Signer } from './signer.js'

/** What a manifest says of a shard's documents. */
export interface ShardContents {
  readonly inputs: readonly StoredFile[]
  readonly documents: number
  /** Twelve bytes a document: the content id, 64 bits, and the length of its text in UTF-16 units, 32 bits. */
  readonly contents: CheckedFile
}

/** The documents of a shard again. */
export interface CheckedDocumentsOptions {
  readonly documents: AsyncIterable<Document> | Iterable<Document>
  /** The files they come from; null to compare only the documents. */
  readonly inputs: readonly StoredFile[] | null
  readonly shard: ShardContents
  /** Where the shard's contents lie, and its manifest, for messages. */
  readonly storage: Storage
  readonly manifestName: string
  readonly contentId: Signer['contentId']
}

/**
 * The same documents in the same order as when the manifest was written. Places alone would mean other documents if the data changed
 * since, so every content id is compared before the document is given. Throws ManifestError, before the first document where
 * files or sizes differ, else at the document that does.
 */
export async function* checkedDocuments(options: CheckedDocumentsOptions): AsyncGenerator<Document> {
  const { inputs, shard, storage, contentId } = options
  const signed = `${storage.location}/${options.manifestName}`
  const hint = 'Give the files that stage 1 had for this rank, or begin again with stage 1.'
  if (inputs) {
    for (let i = 0; i < Math.max(inputs.length, shard.inputs.length); i++) {
      const [had, has] = [shard.inputs[i], inputs[i]]
      if (had?.name === has?.name && had?.bytes === has?.bytes) continue
      throw new ManifestError(has?.name ?? signed, `${named(had)}, as ${signed} has it`, named(has), hint)
    }
  }
  const contents = littleEndianWords(await readChecked(storage, shard.contents))
  let index = 0
  for await (const document of options.documents) {
    if (index === shard.documents) {
      throw new ManifestError(signed, `${shard.documents} documents`, `another one, ${document.id}`, hint)
    }
    const id = contentId(document.text)
    if (id[0] !== contents[3 * index] || id[1] !== contents[3 * index + 1]) {
      const source = document.metadata['file_path']
      const place = typeof source === 'string' ? `${source}: ${document.id}` : document.id
      throw new ManifestError(place, `document ${index} of ${signed}`, 'another text', hint)
    }
    yield document
    index++
  }
  if (index < shard.documents) {
    throw new ManifestError(signed, `${shard.documents} documents`, `${index}`, hint)
  }
}

const named = (file: StoredFile | undefined) => (file ? `${file.name} of ${file.bytes} bytes` : 'no further file')
