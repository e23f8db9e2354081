// The arrows of ARCHITECTURE.md. A new package gets its line here; a folder without one is a problem.

const blocks = ['attention', 'moe', 'multimodal', 'quant-scaling']
const workflows = ['training', 'lora-dora', 'alignment']
const tensorless = ['data-filter', 'test-time-search']
const belowModels = ['tensor-core', ...blocks, ...workflows]

const each = (names: readonly string[], allowed: readonly string[]): [string, readonly string[]][] =>
  names.map((name) => [name, allowed])

/** What each package may import, by the folder's name under packages/. */
const arrows = new Map<string, readonly string[]>([
  ['tensor-core', []],
  ...each(blocks, ['tensor-core']),
  ...each(workflows, ['tensor-core']),
  ...each(tensorless, []),
  ['language-model', belowModels],
  ['serving', [...belowModels, 'language-model']],
])

/** Package names a folder may import, 'any' for the places where all packages meet, undefined for an unknown folder. */
export const allowedImports = (folder: string): readonly string[] | 'any' | undefined => {
  const [group, name = ''] = folder.split('/')
  if (group && ['apps', 'bench', 'docs', 'experiments'].includes(group)) return 'any'
  if (group === 'internal') return []
  return arrows.get(name)?.map((allowed) => `@almanac/${allowed}`)
}

/** Private packages that tests, examples and build scripts of any package may use. */
export const internalPackages = ['@almanac/conventions', '@almanac/test-kit', '@almanac/tsup-config']

export interface FolderRule {
  /** Paths under src/ that the rule is about: a folder (`kernel/`) or a file (`errors.ts`). */
  readonly from: readonly string[]
  /** Paths under src/ that they must not import. */
  readonly never: readonly string[]
  readonly why: string
}

/** Arrows inside a package, by its folder's name. */
export const innerLayers: Readonly<Record<string, readonly FolderRule[]>> = {
  'tensor-core': [
    {
      from: ['kernel/', 'errors.ts', 'dtype.ts', 'shape.ts'],
      never: ['ops/', 'backends/'],
      why: 'The kernel language, errors, dtypes and shapes are the ground that ops and backends stand on.',
    },
  ],
  'language-model': [
    {
      from: ['tokenizers/'],
      never: ['models/', 'checkpoints/', 'sampling/'],
      why: 'Tokenizers are usable without models.',
    },
    {
      from: ['sampling/'],
      never: ['models/', 'checkpoints/'],
      why: 'Samplers work on any CausalModel, through the contracts of tensor-core.',
    },
    {
      from: ['models/'],
      never: ['checkpoints/', 'tokenizers/', 'sampling/'],
      why: 'Models know nothing of files and text; checkpoints build models.',
    },
    {
      from: ['checkpoints/'],
      never: ['sampling/'],
      why: 'Reading weights does not need a sampler.',
    },
  ],
}
