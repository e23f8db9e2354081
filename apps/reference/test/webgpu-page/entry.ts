import { webgpuDevice } from '@almanac/tensor-core'
import type { Golden } from '../../../../packages/language-model/test/ten-steps.js'
import { everything } from './everything.js'

export interface Report {
  readonly checks: number
  /** What did not hold, and why. */
  readonly failures: readonly string[]
  /** Distinct pipelines that all of it took. */
  readonly pipelines: number
}

/** Everything on one WebGPU device of a page. */
export default async function run(golden: Golden): Promise<Report> {
  const device = webgpuDevice()
  const pipelines = async () => (await device.start()).memory().kernelsCompiled
  const failures: string[] = []
  let checks = 0
  for (const { name, run } of everything(golden)) {
    const [begin, before] = [performance.now(), await pipelines()]
    const comparisons = await run(device)
    const seconds = ((performance.now() - begin) / 1000).toFixed(1)
    for (const { name: what, compare } of comparisons) {
      checks++
      try {
        await compare()
      } catch (error) {
        failures.push(`${what}: ${String(error)}`)
      }
    }
    console.log(`${name}: ${comparisons.length} checks, ${(await pipelines()) - before} pipelines more, ${seconds} s`)
  }
  return { checks, failures, pipelines: await pipelines() }
}
