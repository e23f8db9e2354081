import { type CheckedFile, checkSize, readChecked, writeChecked } from '../manifest/checked-file.js'
import { checksums } from '../manifest/checksum.js'
import { type ManifestHead, readManifest, writeManifest } from '../manifest/manifest-file.js'
import type { Storage } from '../storage.js'
import { addCounts, NO_COUNTS, type StageCounts } from './stage-counts.js'
import { unitName } from './unit-manifest.js'

const KIND = 'almanac.pipeline.segment'

/** How far a unit of work is: records taken from its files, in their order. */
export interface Position {
  readonly file: number
  readonly record: number
}

/** What a stretch of records became. */
export interface SegmentResult {
  /** Bytes by what they are; those of all segments, one after another, are the unit's files. */
  readonly files: Readonly<Record<string, Uint8Array>>
  readonly counts: StageCounts
  /** Behind its last record. */
  readonly position: Position
}

interface SegmentManifest extends ManifestHead {
  readonly kind: typeof KIND
  readonly pipeline: string
  readonly position: Position
  readonly files: Readonly<Record<string, CheckedFile>>
  readonly counts: StageCounts
}

export interface SegmentedUnit {
  readonly storage: Storage
  readonly stage: string
  readonly unit: number
  /** The pipeline's fingerprint: segments of another one are of no use. */
  readonly pipeline: string
  /** Results from a position on. */
  readonly segments: (from: Position) => AsyncIterable<SegmentResult>
}

/** The segments of a unit of work, all of them done. */
export interface FinishedSegments {
  readonly channels: readonly string[]
  readonly counts: StageCounts
  /** A result's bytes, segment by segment. */
  parts(channel: string): AsyncIterable<Uint8Array>
}

/**
 * Does a unit of work in segments: each is written whole, its manifest last, so that a task that is killed goes on behind the last one.
 * Put together they are the same bytes however often the work was interrupted. They are taken away by `removeSegments`, once the unit's
 * own manifest lies there.
 */
export async function runSegments(unit: SegmentedUnit): Promise<FinishedSegments> {
  const { storage, pipeline } = unit
  const folder = segmentFolder(unit.stage, unit.unit)
  const done = await finishedSegments(storage, folder, pipeline)
  let counts = done.reduce((sum, segment) => addCounts(sum, segment.counts), NO_COUNTS)
  // The last segment needs no files of its own.
  let last: SegmentResult | null = null
  for await (const segment of unit.segments(done.at(-1)?.position ?? { file: 0, record: 0 })) {
    if (last) done.push(await writeSegment(storage, `${folder}/${unitName(done.length)}`, pipeline, last))
    last = segment
    counts = addCounts(counts, segment.counts)
  }
  return {
    channels: Object.keys(last?.files ?? done[0]?.files ?? {}),
    counts,
    async *parts(channel) {
      for (const { files } of done) yield await readChecked(storage, files[channel] as CheckedFile)
      const tail = last?.files[channel]
      if (tail) yield tail
    },
  }
}

/** Lays the segments' results end to end, a file each. */
export async function joinSegments(
  storage: Storage,
  segments: FinishedSegments,
  fileName: (channel: string) => string,
): Promise<Readonly<Record<string, CheckedFile>>> {
  const files: Record<string, CheckedFile> = {}
  const newChecksum = await checksums()
  for (const channel of segments.channels) {
    const sum = newChecksum()
    async function* pieces() {
      for await (const part of segments.parts(channel)) {
        sum.update(part)
        yield part
      }
    }
    const file = await storage.write(fileName(channel), pieces())
    files[channel] = { ...file, checksum: sum.digest() }
  }
  return files
}

/** Takes the segments of a finished unit away. */
export async function removeSegments(storage: Storage, stage: string, unit: number): Promise<void> {
  // Manifests last to first: should this be stopped, no manifest names a file that is gone.
  const files = await storage.list(`${segmentFolder(stage, unit)}/`)
  const manifests = files.filter(({ name }) => name.endsWith('.json')).reverse()
  const others = files.filter(({ name }) => !name.endsWith('.json'))
  for (const { name } of [...manifests, ...others]) await storage.remove(name)
}

const segmentFolder = (stage: string, unit: number): string => `segments/${stage}/${unitName(unit)}`

async function writeSegment(storage: Storage, name: string, pipeline: string, result: SegmentResult) {
  const files: Record<string, CheckedFile> = {}
  for (const [channel, bytes] of Object.entries(result.files)) {
    files[channel] = await writeChecked(storage, `${name}.${channel}`, bytes)
  }
  const { position, counts } = result
  const manifest: SegmentManifest = { kind: KIND, version: 1, pipeline, position, files, counts }
  await writeManifest(storage, `${name}.json`, manifest)
  return manifest
}

/** The segments that an earlier task finished, up to the first one that is not whole. */
async function finishedSegments(storage: Storage, folder: string, pipeline: string): Promise<SegmentManifest[]> {
  const names = new Set((await storage.list(`${folder}/`)).map(({ name }) => name))
  const done: SegmentManifest[] = []
  for (;;) {
    const name = `${folder}/${unitName(done.length)}.json`
    if (!names.has(name)) return done
    const manifest = await readManifest<SegmentManifest>(storage, name, KIND)
    if (manifest.pipeline !== pipeline) return done
    for (const file of Object.values(manifest.files)) await checkSize(storage, file)
    done.push(manifest)
  }
}
