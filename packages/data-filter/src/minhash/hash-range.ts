import { BLOCK_WORDS, type SortedFile } from './sorted-file.js'

/** A hash as two words; the high one is 0 where hashes have 32 bits. */
export interface HashBound {
  readonly high: number
  readonly low: number
}

export interface HashBounds {
  /** Null for no bound. */
  readonly lower: HashBound | null
  readonly upper: HashBound | null
}

/**
 * Which first hashes part `part` of `parts` takes. Bounds are quantiles of the blocks' first hashes in all files, so that a file
 * unlike the others does not make parts uneven; equal hashes are in one part, and all parts together have all hashes.
 */
export function boundsOfPart(
  files: readonly Pick<SortedFile, 'records' | 'blockRecords'>[],
  tables: readonly Uint32Array[],
  part: number,
  parts: number,
): HashBounds {
  if (parts === 1) return { lower: null, upper: null }
  const samples: (HashBound & { readonly records: number })[] = []
  files.forEach(({ records, blockRecords }, i) => {
    const table = tables[i] as Uint32Array
    for (let block = 0; BLOCK_WORDS * block < table.length; block++) {
      const row = BLOCK_WORDS * block
      samples.push({
        high: table[row + 3] as number,
        low: table[row + 2] as number,
        records: Math.min(blockRecords, records - block * blockRecords),
      })
    }
  })
  samples.sort((a, b) => a.high - b.high || a.low - b.low)
  const total = samples.reduce((sum, { records }) => sum + records, 0)
  const bound = (k: number): HashBound | null => {
    if (k === 0 || k === parts) return null
    let before = 0
    for (const { high, low, records } of samples) {
      if (before >= (k * total) / parts) return { high, low }
      before += records
    }
    // Fewer blocks than parts: the last ones get nothing.
    return { high: 0xffffffff, low: 0xffffffff }
  }
  return { lower: bound(part), upper: bound(part + 1) }
}
