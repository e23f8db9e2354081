import { CheckpointError } from './checkpoint-error.js'
import type { Evaluation } from './evaluator.js'
import type { JsonValue } from './json-value.js'

/** What a checkpoint knows besides its tensors. */
export interface CheckpointInfo {
  /** Updates made. The place in the data too: the next batch is `batches(step)`. */
  readonly step: number
  /** One loss an update, in nats. */
  readonly losses: Float32Array
  readonly evaluations: readonly (Evaluation & { readonly step: number })[]
  /** What the run was started with, as its program chose to write it. */
  readonly config: JsonValue
}

const FORMAT = 'almanac training checkpoint'
const VERSION = '1'

/** All but the losses, which are a tensor of the file. */
export function encodeInfo({ step, evaluations, config }: CheckpointInfo): Record<string, string> {
  return { format: FORMAT, version: VERSION, training: JSON.stringify({ step, evaluations, config }) }
}

/** Throws CheckpointError for a file that is something else, or of a later version. */
export function decodeInfo(where: string, metadata: Readonly<Record<string, string>>): Omit<CheckpointInfo, 'losses'> {
  const refuse = (expected: string, got: string, hint: string): never => {
    throw new CheckpointError(where, expected, got, hint)
  }
  if (metadata['format'] !== FORMAT) {
    refuse(
      `metadata "format": "${FORMAT}"`,
      JSON.stringify(metadata['format'] ?? null),
      'This is another kind of safetensors file.',
    )
  }
  if (metadata['version'] !== VERSION) {
    refuse(`version ${VERSION}`, metadata['version'] ?? 'none', 'Update the packages, or train anew.')
  }
  const damaged = (got: string) => refuse('metadata "training" as it was written', got, 'The file is damaged.')
  let parsed: unknown
  try {
    parsed = JSON.parse(metadata['training'] ?? '')
  } catch {
    return damaged('no JSON')
  }
  const { step, evaluations, config } = (parsed ?? {}) as Partial<CheckpointInfo>
  if (!Number.isSafeInteger(step) || (step as number) < 0) return damaged(`step ${JSON.stringify(step ?? null)}`)
  const isEvaluation = (e: unknown) =>
    typeof e === 'object' &&
    e !== null &&
    ['step', 'nats', 'bitsPerByte'].every((name) => typeof (e as Record<string, unknown>)[name] === 'number')
  if (!Array.isArray(evaluations) || !evaluations.every(isEvaluation)) return damaged('other evaluations')
  if (config === undefined) return damaged('no config')
  return { step: step as number, evaluations, config }
}
