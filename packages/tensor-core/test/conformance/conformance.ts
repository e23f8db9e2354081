import { assertClose, type ToleranceDType, toleranceFor } from '@almanac/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import { cpuDevice, type Device } from '../../src/index.js'
import type { TestDevice } from '../support/devices.js'
import type { ConformanceGroup } from './conformance-case.js'
import { compareCase, resultsOf, runGroup } from './run-cases.js'

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let value: Promise<T> | undefined
  return () => {
    value ??= make()
    return value
  }
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
          const results = (await actual()).get(one)
          compareCase(one, results, (await wanted()).get(one))
          const [first] = resultsOf(results)
          if (name !== 'cpu' || !one.expected || !first) return
          const inJs = one.expected(...one.inputs.map((x) => x.values))
          assertClose(first.values, inJs, toleranceFor(first.dtype as ToleranceDType, one.opClass), 'by JavaScript')
        })
      })
    }
  })
}
