import { assertClose, type ToleranceDType, toleranceFor } from '@almanac/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import { cpuDevice, type Device, dtypeName, realizeAll, type Tensor, tensor } from '../../src/index.js'
import type { TestDevice } from '../support/devices.js'
import type { CaseInput, ConformanceCase, ConformanceGroup } from './conformance-case.js'

interface Result {
  readonly shape: readonly number[]
  readonly dtype: string
  readonly values: ArrayLike<number>
}

/** A case's results, or why there are none. */
type Outcome = readonly Result[] | { readonly error: unknown }

/** A case's graph on a device. Cases that are built with one map and have an input in common read one tensor. */
export function build(
  { inputs, run }: ConformanceCase,
  device: Device,
  tensors: Map<CaseInput, Tensor> = new Map(),
): readonly Tensor[] {
  const given = inputs.map((input) => {
    const { shape, dtype, values } = input
    const known = tensors.get(input) ?? tensor([...values], { shape, dtype, device })
    tensors.set(input, known)
    return known
  })
  const y = run(...given)
  return Array.isArray(y) ? (y as readonly Tensor[]) : [y as Tensor]
}

async function read(tensors: readonly Tensor[]): Promise<Result[]> {
  const results: Result[] = []
  for (const t of tensors) results.push({ shape: t.shape, dtype: dtypeName(t.dtype), values: await t.data() })
  return results
}

/** All cases of a group in one program; where that fails, one by one, so that the failure has a name. */
async function runGroup({ cases }: ConformanceGroup, device: Device): Promise<Map<ConformanceCase, Outcome>> {
  const outcomes = new Map<ConformanceCase, Outcome>()
  try {
    const tensors = new Map<CaseInput, Tensor>()
    const built = cases.map((one) => build(one, device, tensors))
    await realizeAll(built.flat())
    for (const [i, tensors] of built.entries()) outcomes.set(cases[i] as ConformanceCase, await read(tensors))
  } catch {
    for (const one of cases) {
      try {
        const tensors = build(one, device)
        await realizeAll(tensors)
        outcomes.set(one, await read(tensors))
      } catch (error) {
        outcomes.set(one, { error })
      }
    }
  }
  return outcomes
}

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let value: Promise<T> | undefined
  return () => {
    value ??= make()
    return value
  }
}

function resultsOf(outcome: Outcome | undefined): readonly Result[] {
  if (outcome && 'error' in outcome) throw outcome.error
  return outcome as readonly Result[]
}

/**
 * One suite for every backend: `cpu` is held to plain JavaScript where a case says what that gives, any other device to
 * `cpu`, all within the one tolerance table.
 */
export function conformance(groups: readonly ConformanceGroup[], { name, device }: TestDevice): void {
  describe.skipIf(!device)(`conformance of ${name}`, () => {
    const on = device as Device
    const oracle = cpuDevice()
    afterAll(async () => {
      await oracle.close()
      await on.close()
    })
    if (name !== 'cpu')
      it('is computed by kernels of its own', async () => {
        const before = (await on.start()).memory().kernelsCompiled
        await runGroup(groups[0] as ConformanceGroup, on)
        expect((await on.start()).memory().kernelsCompiled).toBeGreaterThan(before)
      })

    for (const group of groups) {
      describe(group.name, () => {
        const actual = once(() => runGroup(group, on))
        const wanted = once(() => (name === 'cpu' ? actual() : runGroup(group, oracle)))
        it.each(group.cases)('$name', async (one) => {
          const results = resultsOf((await actual()).get(one))
          const references = resultsOf((await wanted()).get(one))
          results.forEach(({ shape, dtype, values }, i) => {
            const reference = references[i] as Result
            expect({ shape, dtype }).toEqual({ shape: reference.shape, dtype: reference.dtype })
            const tolerance = toleranceFor(dtype as ToleranceDType, one.opClass)
            const label = results.length > 1 ? `output ${i}` : 'output'
            assertClose(values, reference.values, tolerance, label)
            if (i === 0 && name === 'cpu' && one.expected) {
              assertClose(
                values,
                one.expected(...one.inputs.map((x) => x.values)),
                tolerance,
                `${label}, by JavaScript`,
              )
            }
          })
        })
      })
    }
  })
}
