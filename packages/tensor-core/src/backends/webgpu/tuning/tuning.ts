import { ArgumentError } from '../../../errors.js'
import type { KernelFamily } from '../../../wgsl/kernel-family.js'

/** A GPU with its driver's features: what a choice holds for. */
export interface TunedAdapter {
  readonly vendor: string
  readonly architecture: string
  readonly device: string
  readonly description: string
  /** Those that kernels use, sorted. */
  readonly features: readonly string[]
}

/** What `tune` found, as plain JSON: keep it where you like, and give it to `webgpuDevice({ tuning })` on the same adapter. */
export interface Tuning {
  readonly format: typeof TUNING_FORMAT
  readonly adapter: TunedAdapter
  /** Names of configurations by names of kernel families; the default where one is missing. */
  readonly choices: Readonly<Record<string, string>>
}

/** Raised whenever a configuration is renamed or means something else. */
export const TUNING_FORMAT = 'almanac tuning 1'

const WHERE = 'webgpu tuning'
const AGAIN = 'Run tune() again on this adapter, or open the device without a tuning.'

/**
 * A table that a caller kept; null without one, and, with a warning, for one that another version made.
 * @throws ArgumentError where it is no such table
 */
export function readTuning(tuning: unknown, families: readonly KernelFamily[]): Tuning | null {
  if (tuning === undefined) return null
  const table = objectOf('a table', tuning)
  if (typeof table.format !== 'string') throw new ArgumentError(WHERE, 'a format', show(table.format), AGAIN)
  if (table.format !== TUNING_FORMAT) {
    console.warn(`${WHERE}: made for "${table.format}", not "${TUNING_FORMAT}": ignored. ${AGAIN}`)
    return null
  }
  objectOf('an adapter', table.adapter)
  for (const [name, choice] of Object.entries(objectOf('choices', table.choices))) {
    const family = families.find((known) => known.name === name)
    if (!family) throw new ArgumentError(WHERE, `one of the families ${names(families)}`, show(name), AGAIN)
    if (!family.configurations.some(([label]) => label === choice)) {
      const known = family.configurations.map(([label]) => label).join(', ')
      throw new ArgumentError(WHERE, `one of ${known} for ${name}`, show(choice), AGAIN)
    }
  }
  return table as unknown as Tuning
}

/** The choices of a table: none, and a warning, where it was made on another adapter. */
export function choicesOf(tuning: Tuning | null, adapter: TunedAdapter): Tuning['choices'] {
  if (tuning === null) return {}
  const differs = (Object.keys(adapter) as (keyof TunedAdapter)[]).find(
    (part) => show(tuning.adapter[part]) !== show(adapter[part]),
  )
  if (!differs) return tuning.choices
  const [theirs, ours] = [show(tuning.adapter[differs]), show(adapter[differs])]
  console.warn(`${WHERE}: made on an adapter whose ${differs} is ${theirs}, not ${ours}: ignored. ${AGAIN}`)
  return {}
}

const names = (families: readonly KernelFamily[]): string => families.map(({ name }) => name).join(', ')

const show = (value: unknown): string => JSON.stringify(value) ?? String(value)

function objectOf(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new ArgumentError(WHERE, `${what} as tune() returns it`, show(value), AGAIN)
}

export function tunedAdapter({ adapterInfo, features }: GPUDevice): TunedAdapter {
  // Browsers that do not tell yet have no info.
  const { vendor = '', architecture = '', device = '', description = '' } = adapterInfo ?? {}
  const used = ['shader-f16', 'subgroups'].filter((feature) => features.has(feature))
  return { vendor, architecture, device, description, features: used }
}
