import { readdirSync } from 'node:fs'
import { gradcheck } from '@almanac/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import * as core from '../../src/index.js'
import { compositionCases } from './composition-cases.js'
import { fusedCases } from './fused-cases.js'
import type { GradientCase } from './gradient-case.js'
import { opCases } from './op-cases.js'

const device = core.cpuDevice({ precision: 'f64' })
afterAll(() => device.close())

function checkAll(tables: Readonly<Record<string, readonly GradientCase[]>>): void {
  it.each(Object.values(tables).flat())('$of', async ({ of, fn, inputs, smooth }) => {
    await gradcheck<core.Tensor, core.Device>(core, fn, inputs, { device, label: of, secondOrder: smooth })
  })
}

describe('gradients of ops equal finite differences in float64', () => checkAll(opCases))
describe('gradients of compositions equal finite differences in float64', () => {
  checkAll(compositionCases)

  it('has a case for every composition', () => {
    const files = readdirSync(new URL('../../src/compositions', import.meta.url)).map((file) => file.replace('.ts', ''))
    expect(Object.keys(compositionCases)).toEqual(expect.arrayContaining(files))
  })
})
describe('gradients of fused ops equal finite differences in float64', () => {
  checkAll(fusedCases)

  it('has a case for every fused op', () => {
    const fused = Object.entries(core).flatMap(([name, value]) =>
      typeof value === 'function' && 'definition' in value ? [name] : [],
    )
    expect(Object.keys(fusedCases).sort()).toEqual(fused.sort())
  })
})

describe('gradcheck', () => {
  const inputs = [{ shape: [3], values: [0.3, -0.7, 1.1] }]
  const wrong = core.customVjp(core.exp, ({ output, dy }) => [core.mul(dy, core.mul(output, 1.001))])

  it('refuses a gradient that is off by a thousandth', async () => {
    await expect(gradcheck<core.Tensor, core.Device>(core, wrong, inputs, { device, label: 'wrong' })).rejects.toThrow(
      /^wrong, along random directions: 3 of 3 values are outside/,
    )
  })

  it('refuses a gradient whose own gradient is wrong', async () => {
    const once = core.customVjp(core.exp, ({ output, dy }) => [core.mul(dy, core.stopGradient(output))])
    const options = { device, label: 'once' }
    await gradcheck<core.Tensor, core.Device>(core, once, inputs, options)
    await expect(
      gradcheck<core.Tensor, core.Device>(core, once, inputs, { ...options, secondOrder: true }),
    ).rejects.toThrow(/^once, second order, along random directions/)
  })
})
