import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { startAlmanac } from './almanac.js'
import { differences, digestsOf } from './compare-folders.js'
import { killAgain } from './kill-again.js'
import type { CaseResult, StageTime } from './results.js'

export interface CaseOptions {
  readonly name: string
  readonly script: string
  /** What `almanac filter` reads, and how; --out and --threads are added. */
  readonly inputs: string
  readonly arguments: readonly string[]
  readonly threads: number
  readonly documents: number
  /** For the results; both are removed. */
  readonly folder: string
  /** Kills in each stage, or null for none. */
  readonly kills: number | null
  readonly seed: number
  readonly say: (text: string) => void
}

const STAGES = ['filter', 'sign', 'pair', 'choose', 'finish', 'tokens'] as const

/** Runs the command in peace, then, if asked, killed again and again, and compares what they leave. */
export async function runCase(options: CaseOptions): Promise<CaseResult> {
  const { name, script, inputs, threads, documents, folder, kills, seed, say } = options
  const argumentsFor = (out: string) =>
    ['filter', inputs, '--out', out, '--threads', `${threads}`, ...options.arguments] as const
  const peaceful = join(folder, 'peaceful')
  const started = performance.now()
  const run = startAlmanac(script, argumentsFor(peaceful))
  const { code, stderr } = await run.done
  if (code !== 0) throw new Error(`filter-kills: the command failed: ${stderr}`)
  const seconds = (performance.now() - started) / 1000
  const stages = stageTimes(peaceful)
  const peakMiB = Math.round(run.peakBytes() / 2 ** 20)
  say(`${name}: ${documents} documents in ${seconds.toFixed(0)} s, at most ${peakMiB} MiB`)
  const result = { name, documents, seconds: Number(seconds.toFixed(1)), peakMiB, stages, kills: null }
  if (kills === null) {
    rmSync(peaceful, { recursive: true })
    return result
  }
  const killed = join(folder, 'killed')
  const done = await killAgain({
    script,
    args: argumentsFor(killed),
    out: killed,
    stages,
    killsPerStage: kills,
    seed,
    onKill: (stage, kill) => say(`${name}: killed in ${stage}, ${kill} of ${kills}`),
  })
  const different = differences(peaceful, killed)
  const files = digestsOf(peaceful).size
  rmSync(peaceful, { recursive: true })
  rmSync(killed, { recursive: true })
  const total = Object.values(done).reduce((sum, count) => sum + count, 0)
  say(`${name}: killed ${total} times; ${files} files, ${different.length} of them different`)
  return { ...result, kills: { byStage: done, total, files, different } }
}

/** How long each stage took, by the times of its manifests. */
function stageTimes(out: string): StageTime[] {
  let begin = statSync(join(out, 'job.json')).mtimeMs
  return STAGES.map((name) => {
    const folder = join(out, 'manifests', name)
    const names = readdirSync(folder)
    const end = Math.max(...names.map((file) => statSync(join(folder, file)).mtimeMs))
    const time = { name, units: names.length, milliseconds: Math.round(end - begin) }
    begin = end
    return time
  })
}
