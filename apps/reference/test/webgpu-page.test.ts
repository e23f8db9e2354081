import { join } from 'node:path'
import { loadGolden } from '@almanac/test-kit'
import { runInChromium } from '@almanac/test-kit/run-in-chromium'
import { expect, test } from 'vitest'
import type { Report } from './webgpu-page/entry.js'

/** Sizes are uniforms; what differs makes another one: ops, storage types where they cannot be told by a parameter, tiles. */
const MOST_PIPELINES = 300

test('conformance, fused ops and ten training steps on WebGPU in a page', { timeout: 240_000 }, async () => {
  const golden = loadGolden(import.meta.url, '../../../packages/language-model/test/goldens/llama-training.json')
  const entry = join(import.meta.dirname, 'webgpu-page', 'entry.ts')
  const { checks, failures, pipelines } = await runInChromium<Report>(entry, golden, { onLog: console.log })
  console.log(`${checks} checks, ${pipelines} pipelines`)
  expect(failures).toEqual([])
  expect(checks).toBeGreaterThan(750)
  expect(pipelines).toBeLessThanOrEqual(MOST_PIPELINES)
})
