import { assertClose, type ToleranceDType, toleranceFor } from '@almanac/test-kit'
import { type Device, dtypeName, realizeAll, type Tensor, tensor } from '../../src/index.js'
import type { CaseInput, ConformanceCase, ConformanceGroup } from './conformance-case.js'

export interface Result {
  readonly shape: readonly number[]
  readonly dtype: string
  readonly values: ArrayLike<number>
}

/** A case's results, or why there are none. */
export type Outcome = readonly Result[] | { readonly error: unknown }

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
export async function runGroup({ cases }: ConformanceGroup, device: Device): Promise<Map<ConformanceCase, Outcome>> {
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

/** Throws unless a case's results are those of the `cpu` backend, within the one tolerance table. */
export function compareCase({ opClass }: ConformanceCase, got: Outcome | undefined, wanted: Outcome | undefined): void {
  const references = resultsOf(wanted)
  resultsOf(got).forEach(({ shape, dtype, values }, i) => {
    const reference = references[i] as Result
    const [is, expected] = [`${dtype} [${shape}]`, `${reference.dtype} [${reference.shape}]`]
    if (is !== expected) throw new Error(`output ${i}: expected ${expected}, got ${is}.`)
    assertClose(values, reference.values, toleranceFor(dtype as ToleranceDType, opClass), `output ${i}`)
  })
}

export function resultsOf(outcome: Outcome | undefined): readonly Result[] {
  if (outcome && 'error' in outcome) throw outcome.error
  return outcome as readonly Result[]
}
