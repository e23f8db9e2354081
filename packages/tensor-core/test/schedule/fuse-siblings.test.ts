import { afterAll, describe, expect, it } from 'vitest'
import { compile, type Device, explain, State, type Tensor, tensor } from '../../src/index.js'
import { cpu, wasm, webgpu } from '../support/devices.js'
import { planStep } from '../support/plan-step.js'

const devices = [await cpu(), await wasm(1), await wasm(2), await webgpu()].flatMap(({ name, device }) =>
  device ? [{ name, device }] : [],
)
afterAll(() => Promise.all(devices.map(({ device }) => device.close())))

const values = (seed: number, length: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(seed * 1.7 + i * 0.31) * 3)
const matrix = (seed: number, device?: Device): Tensor =>
  tensor(values(seed, 35), device ? { shape: [5, 7], device } : { shape: [5, 7] })

const outputsOf = (fn: () => Tensor | readonly Tensor[]): number[] =>
  planStep(fn).launches.map((launch) => (launch.kind === 'reduce' ? 1 : launch.outputs.length))

describe('neighbours that share an input', () => {
  const [a, b, c] = [matrix(1), matrix(2), matrix(3)] as const
  it('are one launch, up to eight operands', () => {
    expect(outputsOf(() => [a.mul(b), a.add(b), b.exp()])).toEqual([3])
    expect(outputsOf(() => [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => a.add(n)))).toEqual([7, 2])
  })

  it('are not where they share nothing, differ in shape, read across, or one reads what the other writes', () => {
    expect(outputsOf(() => [a.exp(), b.exp()])).toEqual([1, 1])
    expect(outputsOf(() => [a.exp(), a.reshape([35]).sin()])).toEqual([1, 1])
    expect(outputsOf(() => [a.exp(), a.reshape([7, 5]).transpose().mul(2)])).toEqual([1, 1])
    expect(
      outputsOf(() => {
        const y = a.mul(c)
        return [y, y.add(a)]
      }),
    ).toEqual([1, 1])
  })
})

describe.each(devices)('on $name', ({ device }: { device: Device }) => {
  it('they give what each gives alone, also in the places of what they read', async () => {
    const [a, b] = [matrix(4, device), matrix(5, device)] as const
    const together = compile(() => {
      const [x, y] = [a.sin(), b.sin()] // temporaries that end with the launch
      const both = [x.mul(y), x.sub(y), y.exp()]
      return both.map((z) => z.add(1).sum(1))
    })
    const alone = [
      compile(() => a.sin().mul(b.sin()).add(1).sum(1)),
      compile(() => a.sin().sub(b.sin()).add(1).sum(1)),
      compile(() => b.sin().exp().add(1).sum(1)),
    ]
    const got = await together()
    for (const [i, one] of alone.entries()) {
      expect([...(await (got[i] as Tensor).data())]).toEqual([...(await (await one()).data())])
    }
  })

  it('a State that one of them writes anew keeps its old value for the others', async () => {
    const x = matrix(6, device)
    const state = new State(matrix(7, device), { name: 'state' })
    const before = values(7, 35)
    const step = compile(() => {
      const y = state.value.mul(x)
      state.assign(state.value.add(x))
      return [y, state.value.sub(x)]
    })
    const { launches } = await explain(step)
    const [y, old] = (await step()) as [Tensor, Tensor]
    const given = await x.data()
    const close = (got: ArrayLike<number>, of: (i: number) => number) =>
      Array.from(got).forEach((value, i) => expect(value, `${i}, ${launches.length} launches`).toBeCloseTo(of(i), 5))
    close(await y.data(), (i) => (before[i] as number) * (given[i] as number))
    close(await old.data(), (i) => before[i] as number)
    close(await state.value.data(), (i) => (before[i] as number) + (given[i] as number))
  })
})
