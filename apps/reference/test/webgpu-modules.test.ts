import { webgpuDevice } from '@almanac/tensor-core'
import { loadGolden } from '@almanac/test-kit'
import { alteredAdapter } from '@almanac/test-kit/altered-adapter'
import { KERNEL_FEATURE_SETS, nullGpu } from '@almanac/test-kit/dawn'
import { describe, expect, test } from 'vitest'
import type { Golden } from '../../../packages/language-model/test/ten-steps.js'
import { everything } from './webgpu-page/everything.js'

const gpu = await nullGpu()
const golden = loadGolden<Golden>(import.meta.url, '../../../packages/language-model/test/goldens/llama-training.json')

/**
 * Dawn's null backend compiles every shader as far as its validation goes and executes nothing: a module that it refuses is an
 * error of the program that needs it.
 */
describe.skipIf(!gpu)("Dawn's validator takes every module", () => {
  test.each(KERNEL_FEATURE_SETS.map((features) => [features.join(' and ') || 'no features', features] as const))(
    'on an adapter with %s',
    async (name, features) => {
      const device = webgpuDevice({ adapter: await alteredAdapter(gpu as GPU, { features }) })
      try {
        for (const { run } of everything(golden)) for (const { ran } of await run(device)) ran()
        const { kernelsCompiled } = (await device.start()).memory()
        console.log(`${name}: ${kernelsCompiled} modules`)
        expect(kernelsCompiled).toBeGreaterThan(150)
      } finally {
        await device.close()
      }
    },
  )
})
