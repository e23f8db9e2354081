import { cpuDevice, type Device } from '@almanac/tensor-core'
import { assertClose, toleranceFor } from '@almanac/test-kit'
import { PAGE_CASES } from '../../../../packages/attention/test/flash-cases.js'
import {
  FLASH_NAMES,
  flashProblem,
  flashReference,
  flashResults,
} from '../../../../packages/attention/test/flash-problem.js'
import { compareTenSteps, type Golden, tenSteps } from '../../../../packages/language-model/test/ten-steps.js'
import { conformanceGroups } from '../../../../packages/tensor-core/test/conformance/cases/index.js'
import { compareCase, resultsOf, runGroup } from '../../../../packages/tensor-core/test/conformance/run-cases.js'
import {
  FUSED_CASES,
  fallbackOf,
  kernelsOf,
  toleranceOf,
} from '../../../../packages/tensor-core/test/fused/fused-cases.js'
import { onDevice } from '../../../../packages/tensor-core/test/support/on-device.js'

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

const fusedOps = (exact: Device): Section => ({
  name: 'fused ops',
  async run(device) {
    const comparisons: Comparison[] = []
    for (const one of FUSED_CASES) {
      const got = await kernelsOf(one, 'webgpu', device)
      comparisons.push({
        name: one.title,
        ran: () => {},
        async compare() {
          const wanted = await fallbackOf(one, exact)
          got.forEach((values, i) => {
            assertClose(values, wanted[i] as ArrayLike<number>, toleranceOf(one, 'webgpu'), `output ${i}`)
          })
        },
      })
    }
    return comparisons
  },
})

const attention: Section = {
  name: 'attention',
  async run(device) {
    const comparisons: Comparison[] = []
    for (const one of PAGE_CASES) {
      const p = flashProblem(one)
      const got = await flashResults(device, p)
      comparisons.push({
        name: `attention, ${one.of}, D ${one.D}`,
        ran: () => {},
        compare: () =>
          flashReference(p).forEach((wanted, i) => {
            assertClose(got[i] as Float32Array, wanted, toleranceFor('float32', 'fused'), FLASH_NAMES[i] as string)
          }),
      })
    }
    return comparisons
  },
}

const training = (golden: Golden): Section => ({
  name: 'ten training steps',
  async run(device) {
    const kinds = ['tied', 'untied'] as const
    const comparisons: Comparison[] = []
    for (const kind of kinds) {
      const result = await onDevice(device, () => tenSteps(golden, kind))
      comparisons.push({
        name: `ten training steps, ${kind} head`,
        ran: () => {},
        compare: () => compareTenSteps(result, golden, kind, 'float32'),
      })
    }
    return comparisons
  },
})

/** All that every backend must do, whatever package asks for it. */
export function everything(golden: Golden): readonly Section[] {
  return [conformance(cpuDevice()), fusedOps(cpuDevice({ precision: 'f64' })), attention, training(golden)]
}
