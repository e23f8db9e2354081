import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startAlmanac } from './almanac.js'
import { random } from './random.js'

export interface KillOptions {
  readonly script: string
  readonly args: readonly string[]
  readonly out: string
  /** Stages, their units, and how long each took when nobody disturbed it, in milliseconds. */
  readonly stages: readonly { readonly name: string; readonly units: number; readonly milliseconds: number }[]
  readonly killsPerStage: number
  readonly seed: number
  readonly onKill: (stage: string, kill: number) => void
}

/** About what a process takes until its threads read their first record. */
const START_MS = 1500
/** Starts for a stage, kills that came too late among them: short stages may be over before the signal is there. */
const TRIES = 60

/**
 * Runs the command, kills it with SIGKILL at a moment of its own within a stage, and starts it again, so many times in each stage; then lets
 * it run to its end. Returns the kills by stage.
 */
export async function killAgain(options: KillOptions): Promise<Readonly<Record<string, number>>> {
  const { script, args, out, stages, killsPerStage, seed } = options
  const next = random(seed)
  const kills: Record<string, number> = {}
  const done = (stage: string) => {
    const folder = join(out, 'manifests', stage)
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')).length : 0
  }
  for (const [i, { name, units, milliseconds }] of stages.entries()) {
    kills[name] = 0
    const snapshot = `${out}-${name}`
    let late = 0
    for (let tries = 0; (kills[name] as number) < killsPerStage && tries < TRIES; tries++) {
      if (done(name) === units && existsSync(snapshot)) {
        // Over too soon: back to what the last kill in it left.
        rmSync(out, { recursive: true })
        copyFolder(snapshot, out)
      }
      const run = startAlmanac(script, args)
      let ended = false
      void run.done.then(() => {
        ended = true
      })
      // Not before this process is in the stage: its progress has told of those before.
      while (!ended && run.stagesPassed() < i) await pause(1)
      if (i === 0) await pause(START_MS)
      // The rest of the stage, cut by the kills that are to come; less of it when the last kill came too late.
      const share = (units - done(name)) / units / (killsPerStage - (kills[name] as number) + 1)
      const left = milliseconds * share * 0.6 ** late
      const until = performance.now() + next() * left
      while (!ended && performance.now() < until) await pause(1)
      run.child.kill('SIGKILL')
      const { signal, code, stderr } = await run.done
      if (signal !== 'SIGKILL' && code !== 0) throw new Error(`filter-kills: the command failed: ${stderr}`)
      if (signal === 'SIGKILL' && done(name) < units) {
        kills[name] = (kills[name] as number) + 1
        options.onKill(name, kills[name] as number)
        rmSync(snapshot, { recursive: true, force: true })
        copyFolder(out, snapshot)
        late = Math.max(0, late - 1)
      } else late++
    }
    rmSync(snapshot, { recursive: true, force: true })
  }
  const { code, stderr } = await startAlmanac(script, args).done
  if (code !== 0) throw new Error(`filter-kills: the command failed when nobody killed it: ${stderr}`)
  return kills
}

/** By links: files of a run are replaced, never written into. */
const copyFolder = (from: string, to: string) => execFileSync('cp', ['-al', from, to])

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
