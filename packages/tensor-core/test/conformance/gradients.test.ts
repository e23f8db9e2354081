import { assertClose, seededRandom, toleranceFor } from '@almanac/test-kit'
import { afterAll, describe, it } from 'vitest'
import { type Device, realizeAll, Tensor, tensor, vjp } from '../../src/index.js'
import { compositionCases } from '../gradcheck/composition-cases.js'
import { fusedCases } from '../gradcheck/fused-cases.js'
import type { GradientCase } from '../gradcheck/gradient-case.js'
import { opCases } from '../gradcheck/op-cases.js'
import { cpu, cpu64, type TestDevice, wasm, webgpu } from '../support/devices.js'

const cases: readonly GradientCase[] = [opCases, compositionCases, fusedCases].flatMap((table) =>
  Object.values<readonly GradientCase[]>(table).flat(),
)

/** Gradients of sum(outputs * noise) by every input. */
async function gradients({ fn, inputs }: GradientCase, device: Device): Promise<ArrayLike<number>[]> {
  const leaves = inputs.map(({ shape, values }) => tensor(Float32Array.from(values), { shape, device }))
  const y = fn(...leaves)
  const outputs = y instanceof Tensor ? [y] : y
  const random = seededRandom(11)
  const loss = outputs
    .map((output) => output.mul(tensor(random.normals(output.size), { shape: output.shape, device })).sum())
    .reduce((total, part) => total.add(part))
  const slopes = vjp(loss, tensor(1), leaves)
  await realizeAll(slopes)
  return Promise.all(slopes.map((slope) => slope.data()))
}

const oracle = (await cpu64()).device as Device
afterAll(() => oracle.close())

/** Forward kernels, rules and backward kernels together, in float32, against the float64 values that gradcheck vouches for. */
function checkGradients({ name, device }: TestDevice): void {
  describe.skipIf(!device)(`gradients on ${name}`, () => {
    afterAll(() => device?.close())
    it.each(cases)('$of', async (one) => {
      const actual = await gradients(one, device as Device)
      const expected = await gradients(one, oracle)
      expected.forEach((values, i) =>
        assertClose(actual[i] ?? [], values, toleranceFor(one.narrow ?? 'float32', 'fused'), `gradient of input ${i}`),
      )
    })
  })
}

for (const device of [await cpu(), await wasm(1), await wasm(2), await webgpu()]) checkGradients(device)
