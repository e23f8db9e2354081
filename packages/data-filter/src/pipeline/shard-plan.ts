import { OptionError } from '../data-filter-error.js'
import type { StoredFile } from '../storage.js'

/**
 * Deals files out to shards, each a run of neighbours with about the same bytes. Shards, and not ranks, are what outputs are named
 * after: one rank or eight leave the same files. A file is never split.
 */
export function planShards(files: readonly StoredFile[], shards: number): readonly (readonly StoredFile[])[] {
  if (!(Number.isInteger(shards) && shards >= 1 && shards <= Math.max(1, files.length))) {
    const expected = `a whole number from 1 to ${Math.max(1, files.length)}, the number of files`
    throw new OptionError('pipeline: shards', expected, `${shards}`, 'Leave it out for one shard a file.')
  }
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const plan: StoredFile[][] = []
  let before = 0
  files.forEach((file, i) => {
    // A file goes where its middle falls, but at least one is left to each shard behind.
    const share = total === 0 ? (i + 0.5) / files.length : (before + file.bytes / 2) / total
    const left = files.length - i
    const wanted = Math.min(shards - 1, Math.floor(share * shards))
    const last = plan.length - 1
    const mustOpen = plan.length === 0 || left === shards - plan.length
    if (plan.length < shards && (mustOpen || wanted > last)) plan.push([file])
    else plan[last]?.push(file)
    before += file.bytes
  })
  return plan
}
