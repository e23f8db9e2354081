import { byteLengthOf } from '../../../dtype.js'
import { ArgumentError, BackendError } from '../../../errors.js'
import type { KernelTimer } from '../../../profile/kernel-run.js'
import type { Program } from '../../../schedule/program.js'
import type { Backend, Executable } from '../../backend.js'
import { type ProductShape, productProgram, TUNED_FAMILIES } from './tuned-families.js'
import { TUNING_FORMAT, type TunedAdapter, type Tuning } from './tuning.js'

/** A configuration that has been timed. */
export interface TuningProgress {
  readonly done: number
  readonly total: number
  /** Seconds that the rest will take if it goes on like this. */
  readonly etaSeconds: number
  readonly family: string
  readonly configuration: string
  /** The geometric mean over the shapes; null where this device cannot run it. */
  readonly milliseconds: number | null
}

export interface TuneOptions {
  readonly onProgress?: (progress: TuningProgress) => void
  /**
   * Products [batch, M, K, N] to time instead of the usual ones, by family (matmulLargeTiles, matmulSmallTiles, matmulRows).
   * Only families that are named are tuned. A shape is of use for the family whose kernels it runs by.
   */
  readonly shapes?: Readonly<Record<string, readonly ProductShape[]>>
}

/** What tuning needs of the backend that it is part of. */
export interface TuningHost {
  readonly adapter: TunedAdapter
  readonly timer: KernelTimer | undefined
  readonly backend: Pick<Backend, 'alloc' | 'free' | 'run' | 'unload'>
  load(program: Program, choices: Readonly<Record<string, string>>): Promise<Executable>
  finished(): Promise<unknown>
}

const SAMPLES = 5
/** Many times what a browser rounds a GPU's clock to; reached by runs one after another. */
const SAMPLE_MS = 2
const MOST_RUNS = 50
/** A configuration must gain this much on the default, so that noise alone changes nothing. */
const WORTH_IT = 0.97

/**
 * Times the configurations of every family, one after another, and chooses the fastest of each. Only the default has to run.
 * @throws ArgumentError for families that do not exist
 */
export async function tuneKernels(host: TuningHost, { onProgress, shapes }: TuneOptions): Promise<Tuning> {
  for (const name of Object.keys(shapes ?? {})) {
    if (TUNED_FAMILIES.some(({ family }) => family.name === name)) continue
    const known = TUNED_FAMILIES.map(({ family }) => family.name).join(', ')
    throw new ArgumentError('tune', `shapes for ${known}`, name)
  }
  const tasks = TUNED_FAMILIES.map(({ family, shapes: usual }) => ({
    family,
    programs: (shapes ? (shapes[family.name] ?? []) : usual).map(productProgram),
  })).filter(({ programs }) => programs.length > 0)
  const total = tasks.reduce((sum, { family }) => sum + family.configurations.length, 0)
  const started = performance.now()
  const choices: Record<string, string> = {}
  let done = 0
  for (const { family, programs } of tasks) {
    const [usual] = family.configurations[0] as (typeof family.configurations)[number]
    let best = { configuration: usual, milliseconds: Number.POSITIVE_INFINITY }
    for (const [configuration] of family.configurations) {
      const chosen = { ...choices, [family.name]: configuration }
      const milliseconds = await meanTime(host, programs, chosen, configuration === usual)
      const bar = best.milliseconds * (best.configuration === usual ? WORTH_IT : 1)
      if (milliseconds !== null && milliseconds < bar) best = { configuration, milliseconds }
      done++
      const etaSeconds = (((performance.now() - started) / done) * (total - done)) / 1000
      onProgress?.({ done, total, etaSeconds, family: family.name, configuration, milliseconds })
    }
    choices[family.name] = best.configuration
  }
  return { format: TUNING_FORMAT, adapter: host.adapter, choices }
}

/** The geometric mean of the programs' times; null where one of them does not run and needs not. */
async function meanTime(
  host: TuningHost,
  programs: readonly Program[],
  choices: Readonly<Record<string, string>>,
  needed: boolean,
): Promise<number | null> {
  let logarithms = 0
  for (const program of programs) {
    try {
      logarithms += Math.log(Math.max(1e-6, await timeOf(host, program, choices)))
    } catch (error) {
      // Some drivers refuse what the limits allow.
      if (needed || !(error instanceof BackendError)) throw error
      return null
    }
  }
  return Math.exp(logarithms / programs.length)
}

/** Milliseconds of a run: the median of several samples. */
async function timeOf(host: TuningHost, program: Program, choices: Readonly<Record<string, string>>): Promise<number> {
  const { backend } = host
  const buffers: ReturnType<Backend['alloc']>[] = []
  const executable = await host.load(program, choices)
  try {
    for (const { dtype, size } of program.slots) buffers.push(backend.alloc(byteLengthOf(dtype, size)))
    const sample = async (runs: number): Promise<number> => {
      host.timer?.start()
      const started = performance.now()
      for (let i = 0; i < runs; i++) await backend.run(executable, buffers)
      await host.finished()
      const waited = performance.now() - started
      const kernels = (await host.timer?.stop()) ?? []
      const busy = kernels.reduce((sum, { begin, end }) => sum + end - begin, 0)
      // A rounded clock may have seen nothing.
      return (busy > 0 ? busy : waited) / runs
    }
    // The first run may compile, and wakes the GPU up.
    await sample(1)
    const runs = Math.min(MOST_RUNS, Math.max(1, Math.ceil(SAMPLE_MS / (await sample(1)))))
    const samples: number[] = []
    for (let i = 0; i < SAMPLES; i++) samples.push(await sample(runs))
    return samples.sort((a, b) => a - b)[SAMPLES >> 1] as number
  } finally {
    backend.unload(executable)
    for (const buffer of buffers) backend.free(buffer)
  }
}
