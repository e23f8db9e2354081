import { OptionError } from '../data-filter-error.js'
import { writeManifest } from '../manifest/manifest-file.js'
import type { Storage } from '../storage.js'
import { checkPipelineFile } from './check-pipeline-file.js'
import { runChooseStage, runMeasureStage, runPairStage, runShingleStage, runSignStage } from './duplicate-stages.js'
import { runFilterStage } from './filter-stage.js'
import { runFinishStage } from './finish-stage.js'
import { type Lease, type LeaseOptions, takeLease } from './leases.js'
import type { Pipeline } from './pipeline.js'
import { removeSegments } from './segments.js'
import { type StageName, stageOf, stagesOf } from './stage.js'
import type { StageContext, UnitResult } from './stage-context.js'
import { runTokenStage } from './token-stage.js'
import { readUnitManifest, unitManifest, unitManifestName, unitName } from './unit-manifest.js'

/** What a task is doing. Numbers are of this task and stage, since it started. */
export interface TaskProgress {
  readonly stage: StageName
  readonly unit: number
  /** Units of this task that are done, and all that it may get. */
  readonly unitsDone: number
  readonly units: number
  readonly records: number
  /** UTF-16 units of their texts. */
  readonly characters: number
  /** Bytes read from the inputs. */
  readonly bytes: number
}

export interface TaskOptions {
  readonly pipeline: Pipeline
  readonly stage: StageName
  /** Which task this is, of how many. */
  readonly rank: number
  readonly worldSize: number
  /** Gets everything that the tasks leave; the same for all of them. */
  readonly storage: Storage
  /**
   * Without it, a task does the units whose number is its rank, modulo worldSize. With it, tasks claim one unit after another, so that
   * quick ones do the work of slow and dead ones; a task then returns when no unit is left, and waits for those that others are at.
   */
  readonly lease?: LeaseOptions
  readonly signal?: AbortSignal
  /** Called often: after each record. */
  readonly onProgress?: (progress: TaskProgress) => void
}

export interface TaskSummary {
  readonly stage: StageName
  /** Units that this call did, and those that were done already. */
  readonly done: readonly number[]
  readonly already: readonly number[]
}

const RUN: Readonly<Record<StageName, (context: StageContext) => Promise<UnitResult>>> = {
  filter: runFilterStage,
  sign: runSignStage,
  pair: runPairStage,
  shingle: runShingleStage,
  measure: runMeasureStage,
  choose: runChooseStage,
  finish: runFinishStage,
  tokens: runTokenStage,
}

/** Stages that need all units of the one before, not only their own. */
const NEEDS_ALL: ReadonlySet<StageName> = new Set(['pair', 'shingle', 'measure', 'choose'])
const POLL_MS = 1000

/**
 * Does one task's part of a stage. This is all that a cluster has to run: any number of them, anywhere, in any order within a stage,
 * each as often as it takes. A task that was killed is started again with the same arguments; it goes on inside the unit that it was at.
 * Throws OptionError, ManifestError, FormatError and StorageError.
 */
export async function runTask(options: TaskOptions): Promise<TaskSummary> {
  const { pipeline, rank, worldSize, storage, lease, signal } = options
  if (!(Number.isInteger(rank) && Number.isInteger(worldSize) && rank >= 0 && rank < worldSize)) {
    throw new OptionError('runTask', 'a rank from 0 to below worldSize', `rank ${rank} of ${worldSize}`)
  }
  const stage = stageOf(pipeline, options.stage)
  await checkPipelineFile(storage, pipeline)
  await requireStageBefore(storage, pipeline, options.stage)
  const all = Array.from({ length: stage.units }, (_, unit) => unit)
  // With leases each begins elsewhere, so that they do not all ask for the same unit.
  const start = Math.floor((rank * stage.units) / worldSize)
  const own = lease ? [...all.slice(start), ...all.slice(0, start)] : all.filter((unit) => unit % worldSize === rank)

  const [done, already]: number[][] = [[], []]
  const sums = { records: 0, characters: 0, bytes: 0 }
  const runUnit = async (unit: number, beat: () => void) => {
    const report = () => {
      beat()
      const unitsDone = done.length + already.length
      options.onProgress?.({ stage: stage.name, unit, unitsDone, units: own.length, ...sums })
    }
    await doUnit({
      pipeline,
      storage,
      unit,
      signal,
      onRecord(characters) {
        sums.records++
        sums.characters += characters
        report()
      },
      onBytes(bytes) {
        sums.bytes += bytes
        beat()
      },
    })
    done.push(unit)
    report()
  }
  const doUnit = async (context: StageContext) => {
    const { files, counts } = await RUN[stage.name](context)
    const { unit } = context
    const manifest = unitManifest({ pipeline: pipeline.fingerprint, stage: stage.name, unit, files, counts })
    await writeManifest(storage, unitManifestName(stage.name, unit), manifest)
    await removeSegments(storage, stage.name, unit)
  }

  const leaseName = (unit: number) => `leases/${stage.name}/${unitName(unit)}`
  const isDone = async (unit: number) => (await storage.size(unitManifestName(stage.name, unit))) !== null
  const runLeased = async (unit: number, beat: () => void) => {
    // Somebody may have finished it between the listing and the lease, or, where this task seemed dead, while it worked.
    if (await isDone(unit)) return void already.push(unit)
    try {
      await runUnit(unit, beat)
    } catch (error) {
      if (!(await isDone(unit))) throw error
      already.push(unit)
    }
  }

  let left = own
  for (;;) {
    const busy: number[] = []
    const ready = new Set((await storage.list(`manifests/${stage.name}/`)).map(({ name }) => name))
    for (const unit of left) {
      signal?.throwIfAborted()
      if (ready.has(unitManifestName(stage.name, unit))) {
        await readUnitManifest(storage, pipeline, stage.name, unit)
        // The task that did it may have been killed before it cleaned up.
        await removeSegments(storage, stage.name, unit)
        already.push(unit)
      } else if (!lease) await runUnit(unit, () => {})
      else if (!(await withLease(storage, leaseName(unit), lease, (beat) => runLeased(unit, beat)))) busy.push(unit)
    }
    if (busy.length === 0) return { stage: stage.name, done, already }
    left = busy
    await new Promise((resolve) => setTimeout(resolve, Math.min(POLL_MS, (lease?.leaseMs ?? POLL_MS) / 4)))
  }
}

/** All stages one after another, in this process. For more than one process, run the tasks of each stage with `runTask`. */
export async function runPipeline(
  options: Omit<TaskOptions, 'stage' | 'rank' | 'worldSize'>,
): Promise<readonly TaskSummary[]> {
  const summaries: TaskSummary[] = []
  for (const { name } of stagesOf(options.pipeline)) {
    summaries.push(await runTask({ ...options, stage: name, rank: 0, worldSize: 1 }))
  }
  return summaries
}

/** Does the work with a lease that is renewed while it goes on; false where somebody else has it. */
async function withLease(
  storage: Storage,
  name: string,
  options: LeaseOptions,
  work: (beat: () => void) => Promise<void>,
): Promise<boolean> {
  const lease = await takeLease(storage, name, options)
  if (!lease) return false
  const { leaseMs = 60_000 } = options
  let [renewing, next]: [Promise<unknown> | null, number] = [null, performance.now() + leaseMs / 3]
  const beat = () => {
    if (renewing || performance.now() < next) return
    next = performance.now() + leaseMs / 3
    renewing = renewOrLose(lease).finally(() => {
      renewing = null
    })
  }
  // Records come in bursts; a slow write must not look like death.
  const timer = setInterval(beat, leaseMs / 6)
  try {
    await work(beat)
  } finally {
    clearInterval(timer)
    await renewing
    await lease.release()
  }
  return true
}

/** That somebody took over costs double work; that the storage is away shows where the work's own writes fail. */
const renewOrLose = async (lease: Lease): Promise<void> => {
  await lease.renew().catch(() => false)
}

/** Throws ManifestError, with the file, where the stage before is not done. Units of shards need only their own; they check it. */
async function requireStageBefore(storage: Storage, pipeline: Pipeline, name: StageName): Promise<void> {
  const stages = stagesOf(pipeline)
  const at = stages.findIndex((stage) => stage.name === name)
  const before = stages[at - 1]
  if (!before || !(NEEDS_ALL.has(name) || NEEDS_ALL.has(before.name))) return
  for (let unit = 0; unit < before.units; unit++) await readUnitManifest(storage, pipeline, before.name, unit)
}
