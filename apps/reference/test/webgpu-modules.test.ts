import { realizeAll, setDefaultDevice, webgpuDevice } from '@almanac/tensor-core'
import { loadGolden } from '@almanac/test-kit'
import { adapterWithFeatures, KERNEL_FEATURE_SETS, nullGpu } from '@almanac/test-kit/dawn'
import { describe, expect, test } from 'vitest'
import { type Golden, tenSteps } from '../../../packages/language-model/test/ten-steps.js'
import { conformanceGroups } from '../../../packages/tensor-core/test/conformance/cases/index.js'
import { build } from '../../../packages/tensor-core/test/conformance/run-cases.js'

const gpu = await nullGpu()
const golden = loadGolden<Golden>(import.meta.url, '../../../packages/language-model/test/goldens/llama-training.json')

/**
 * Dawn's null backend compiles every shader as far as its validation goes and executes nothing: a module that it refuses is an
 * error of the program that needs it.
 */
describe.skipIf(!gpu)("Dawn's validator takes every module", () => {
  test.each(KERNEL_FEATURE_SETS)('on an adapter with %s %s', async (...features) => {
    const device = webgpuDevice({ adapter: await adapterWithFeatures(gpu as GPU, features.filter(Boolean)) })
    const before = setDefaultDevice(device)
    try {
      for (const { cases } of conformanceGroups) await realizeAll(cases.flatMap((one) => build(one, device)))
      for (const kind of ['tied', 'untied'] as const) await tenSteps(golden, kind)
      const { kernelsCompiled } = (await device.start()).memory()
      console.log(`${features.filter(Boolean).join(' and ') || 'no features'}: ${kernelsCompiled} modules`)
      expect(kernelsCompiled).toBeGreaterThan(150)
    } finally {
      setDefaultDevice(before)
      await device.close()
    }
  })
})
