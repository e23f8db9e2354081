import { bytesPerTokenOf } from '../mixture/token-ids.js'
import { tokenShardEncoder } from '../mixture/token-shard-encoder.js'
import { writeTokenSegments } from '../mixture/write-token-shard.js'
import { documentLines } from './document-lines.js'
import type { TokenOptions } from './pipeline.js'
import { type Position, runSegments, type SegmentResult } from './segments.js'
import type { StageContext, UnitResult } from './stage-context.js'
import { NO_COUNTS } from './stage-counts.js'
import { readUnitManifest, unitName } from './unit-manifest.js'

/** Bytes of tokens after which a task saves where it is. */
const SEGMENT_BYTES = 2 ** 22

/** The tokens of a shard's documents, in datatrove's three files. */
export async function runTokenStage(context: StageContext): Promise<UnitResult> {
  const { pipeline, storage, unit, signal } = context
  const { name, vocabularySize, endToken, encode } = pipeline.options.tokens as TokenOptions
  const { segmentRecords = 1000 } = pipeline.options
  const bytesPerToken = bytesPerTokenOf(vocabularySize)
  const documents = (await readUnitManifest(storage, pipeline, 'finish', unit)).files['kept']!

  async function* segments(from: Position): AsyncGenerator<SegmentResult> {
    const encoder = tokenShardEncoder({ bytesPerToken, endToken })
    let [record, inside] = [0, 0]
    const finished = (): SegmentResult => {
      const { tokens, ends } = encoder.finish()
      const files = { tokens, ends: new Uint8Array(ends.buffer, ends.byteOffset, ends.byteLength) }
      inside = 0
      return { files, counts: NO_COUNTS, position: { file: 0, record } }
    }
    for await (const { text } of documentLines(storage, documents)) {
      record++
      if (record <= from.record) continue
      signal?.throwIfAborted()
      encoder.add(encode(text))
      inside++
      context.onRecord(text.length)
      if (inside >= segmentRecords || encoder.bytes >= SEGMENT_BYTES) yield finished()
    }
    if (inside > 0 || record === 0) yield finished()
  }
  const done = await runSegments({ storage, stage: 'tokens', unit, pipeline: pipeline.fingerprint, segments })
  async function* parts() {
    const ends = done.parts('ends')[Symbol.asyncIterator]()
    for await (const tokens of done.parts('tokens')) {
      const { value } = (await ends.next()) as { value: Uint8Array }
      yield { tokens, ends: new Float64Array(value.slice().buffer) }
    }
  }
  await writeTokenSegments(storage, `tokens/${unitName(unit)}`, parts(), { bytesPerToken, tokenizer: name })
  return { files: {}, counts: null }
}
