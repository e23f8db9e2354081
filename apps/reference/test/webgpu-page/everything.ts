import { cpuDevice, type Device, setDefaultDevice } from '@almanac/tensor-core'
import { compareTenSteps, type Golden, tenSteps } from '../../../../packages/language-model/test/ten-steps.js'
import { conformanceGroups } from '../../../../packages/tensor-core/test/conformance/cases/index.js'
import { compareCase, resultsOf, runGroup } from '../../../../packages/tensor-core/test/conformance/run-cases.js'

/** One thing that must hold. Both throw where it does not. */
export interface Comparison {
  readonly name: string
  /** Whether it ran at all. */
  ran(): void
  compare(): unknown
}

/** What is run on a device, and then held to something else. */
export interface Section {
  readonly name: string
  run(device: Device): Promise<readonly Comparison[]>
}

async function within<T>(device: Device, body: () => Promise<T>): Promise<T> {
  const before = setDefaultDevice(device)
  try {
    return await body()
  } finally {
    setDefaultDevice(before)
  }
}

const conformance = (oracle: Device): Section => ({
  name: 'conformance',
  async run(device) {
    const comparisons: Comparison[] = []
    for (const group of conformanceGroups) {
      const got = await runGroup(group, device)
      const wanted = runGroup.bind(null, group, oracle)
      let references: ReturnType<typeof wanted> | undefined
      for (const one of group.cases) {
        comparisons.push({
          name: `${group.name}: ${one.name}`,
          ran: () => void resultsOf(got.get(one)),
          async compare() {
            references ??= wanted()
            compareCase(one, got.get(one), (await references).get(one))
          },
        })
      }
    }
    return comparisons
  },
})

const training = (golden: Golden): Section => ({
  name: 'ten training steps',
  async run(device) {
    const kinds = ['tied', 'untied'] as const
    const comparisons: Comparison[] = []
    for (const kind of kinds) {
      const result = await within(device, () => tenSteps(golden, kind))
      comparisons.push({
        name: `ten training steps, ${kind} head`,
        ran: () => {},
        compare: () => compareTenSteps(result, golden, kind, 'float32'),
      })
    }
    return comparisons
  },
})

/** All that every backend must do, whatever package asks for it. `oracle` gives what is right. */
export function everything(golden: Golden, oracle: Device = cpuDevice()): readonly Section[] {
  return [conformance(oracle), training(golden)]
}
