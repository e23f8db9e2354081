import type { RopeScaling } from '@almanac/attention'
import { CheckpointError } from './checkpoint-error.js'

type Fields = Readonly<Record<string, unknown>>

/** A number of a scaling, under our name and Hugging Face's. */
const NAMES = {
  factor: 'factor',
  originalMaxPositions: 'original_max_position_embeddings',
  lowFreqFactor: 'low_freq_factor',
  highFreqFactor: 'high_freq_factor',
  betaFast: 'beta_fast',
  betaSlow: 'beta_slow',
  attentionFactor: 'attention_factor',
} as const

type Name = keyof typeof NAMES

const READ: Readonly<Record<string, { readonly needs: readonly Name[]; readonly takes: readonly Name[] }>> = {
  linear: { needs: ['factor'], takes: [] },
  llama3: { needs: ['factor', 'originalMaxPositions', 'lowFreqFactor', 'highFreqFactor'], takes: [] },
  yarn: { needs: ['factor', 'originalMaxPositions'], takes: ['betaFast', 'betaSlow', 'attentionFactor'] },
}

/** Fields that only say again what other fields of the file say, or how it was written. */
const IGNORED = new Set(['rope_type', 'type', 'rope_theta', ...Object.values(NAMES)])

/**
 * `rope_scaling` (`rope_parameters` in newer files) as what `ropeFrequencies` takes; undefined where nothing is scaled. Throws
 * CheckpointError for a kind or a field that would change the result and is not built.
 */
export function fromHuggingFaceRope(fields: Fields, where: string): RopeScaling | undefined {
  const kind = fields['rope_type'] ?? fields['type'] ?? 'default'
  if (kind === 'default') return undefined
  const known = typeof kind === 'string' && Object.hasOwn(READ, kind) ? READ[kind] : undefined
  if (!known) {
    throw new CheckpointError(
      `${where}, rope_scaling`,
      `rope_type default or ${Object.keys(READ).join(', ')}`,
      JSON.stringify(kind),
      'It is not supported yet.',
    )
  }
  const number = (name: Name): number | undefined => {
    const value = fields[NAMES[name]]
    if (value === undefined || value === null) return undefined
    if (typeof value === 'number' && Number.isFinite(value)) return value
    throw new CheckpointError(`${where}, rope_scaling`, `${NAMES[name]} as a number`, JSON.stringify(value))
  }
  const scaling: Record<string, string | number> = { kind: kind as string }
  for (const name of [...known.needs, ...known.takes]) {
    const value = number(name)
    if (value !== undefined) scaling[name] = value
    else if (known.needs.includes(name)) {
      throw new CheckpointError(`${where}, rope_scaling`, `${NAMES[name]} for rope_type ${kind}`, 'none')
    }
  }
  const other = Object.keys(fields).find((field) => !IGNORED.has(field))
  if (other) {
    throw new CheckpointError(
      `${where}, rope_scaling`,
      `fields of rope_type ${kind} that are built here`,
      `${other} ${JSON.stringify(fields[other])}`,
      'This variant is not supported yet.',
    )
  }
  return scaling as unknown as RopeScaling
}

/** The field `rope_scaling` of config.json. */
export function toHuggingFaceRope(scaling: RopeScaling | undefined): Fields | null {
  if (!scaling) return null
  const numbers = Object.entries(NAMES).flatMap(([name, field]) => {
    const value = (scaling as unknown as Readonly<Record<string, unknown>>)[name]
    return value === undefined ? [] : [[field, value] as const]
  })
  return { rope_type: scaling.kind, ...Object.fromEntries(numbers) }
}
