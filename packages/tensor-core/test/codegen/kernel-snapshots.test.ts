import { expect, it } from 'vitest'
import { lowerLaunch } from '../../src/codegen/lower-launch.js'
import { printPass } from '../../src/codegen/print-pass.js'
import { layerNorm, tensor } from '../../src/index.js'
import { listing, planStep } from '../support/plan-step.js'
import { target } from './run-launch.js'

// What the compiler makes of small programs, from real tensors to kernels: a change of the generated code is to be seen in
// review. Where one is meant, `npx vitest run -u packages/tensor-core/test/codegen/kernel-snapshots` writes them anew.

const x = tensor(new Float32Array(6 * 40), { shape: [6, 40] })
const y = tensor(new Float32Array(6 * 40), { shape: [6, 40] })
const row = tensor(new Float32Array(40))

const text = (fn: Parameters<typeof planStep>[0]): string => {
  const program = planStep(fn, false)
  const kernels = program.launches.flatMap((launch) =>
    lowerLaunch(launch, target(4), () => []).map((pass) => printPass(pass, target(4))),
  )
  return `${listing(program)}\n\n${kernels.join('\n')}`
}

it.each([
  ['an elementwise chain in one map', () => x.mul(2).sub(y).maximum(row)],
  ['a prologue fused into a reduction of everything', () => x.sub(y).square().sum()],
  ['a reduction of rows', () => x.mul(row).sum(-1)],
  ['a reduction of columns', () => x.amax(0)],
  [
    'a strided copy',
    () =>
      x
        .transpose()
        .slice([[1, 39], null])
        .copy(),
  ],
  ['softmax in primitives', () => x.softmax()],
  ['layer norm in primitives', () => layerNorm(x, row, row, { eps: 1e-5 })],
])('%s', (_, fn) => {
  expect(text(fn)).toMatchSnapshot()
})
