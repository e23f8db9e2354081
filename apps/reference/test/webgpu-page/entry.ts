import { cpuDevice, setDefaultDevice, webgpuDevice } from '@almanac/tensor-core'
import { compareTenSteps, type Golden } from '../../../../packages/language-model/test/ten-steps.js'
import { conformanceGroups } from '../../../../packages/tensor-core/test/conformance/cases/index.js'
import { compareCase, runGroup } from '../../../../packages/tensor-core/test/conformance/run-cases.js'

export interface Outcome {
  readonly name: string
  /** Why it did not hold. */
  readonly error?: string
}

export interface Report {
  readonly outcomes: readonly Outcome[]
  /** Distinct pipelines that all of it took. */
  readonly pipelines: number
}

/** All that every backend must do, on one WebGPU device of a page: what the packages' tests do in Node. */
export default async function everything(golden: Golden): Promise<Report> {
  const [device, cpu] = [webgpuDevice(), cpuDevice()]
  const outcomes: Outcome[] = []
  const check = async (name: string, body: () => unknown): Promise<void> => {
    try {
      await body()
      outcomes.push({ name })
    } catch (error) {
      outcomes.push({ name, error: String(error) })
    }
  }
  const pipelines = async () => (await device.start()).memory().kernelsCompiled
  const section = async (name: string, body: () => Promise<void>): Promise<void> => {
    const [begin, before] = [performance.now(), await pipelines()]
    await body()
    const seconds = ((performance.now() - begin) / 1000).toFixed(1)
    console.log(`${name}: ${(await pipelines()) - before} pipelines more, ${seconds} s`)
  }

  await section('conformance', async () => {
    for (const group of conformanceGroups) {
      const [got, wanted] = [await runGroup(group, device), await runGroup(group, cpu)]
      for (const one of group.cases) {
        await check(`${group.name}: ${one.name}`, () => compareCase(one, got.get(one), wanted.get(one)))
      }
    }
  })
  await section('ten training steps', async () => {
    setDefaultDevice(device)
    for (const kind of ['tied', 'untied'] as const) {
      await check(`ten training steps, ${kind} head`, () => compareTenSteps(golden, kind, 'float32'))
    }
  })
  return { outcomes, pipelines: await pipelines() }
}
