import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ArgumentError,
  compile,
  cpuDevice,
  crossEntropy,
  customVjp,
  type Device,
  dropout,
  grad,
  key,
  normal,
  RandomState,
  realize,
  State,
  setDefaultDevice,
  splitKey,
  type Tensor,
  tensor,
  wasmDevice,
} from '../../src/index.js'
import { peakMemory } from '../../src/schedule/peak-memory.js'
import { listing, planStep } from '../support/plan-step.js'
import { TinyDecoder } from '../support/tiny-decoder.js'

const bits = async (tensors: readonly Tensor[]): Promise<Uint8Array[]> => {
  await realize(...tensors)
  return Promise.all(tensors.map((t) => t.bytes()))
}

describe.each([
  ['cpu', () => cpuDevice()],
  ['wasm', () => wasmDevice({ threads: 2 })],
])('gradients with checkpoints on %s', (_, make) => {
  let before: Device
  let device: Device
  beforeAll(() => {
    device = make()
    before = setDefaultDevice(device)
  })
  afterAll(async () => {
    setDefaultDevice(before)
    await device.close()
  })

  test('have the bits of plain ones: a decoder with a tied head', async () => {
    const model = new TinyDecoder(32, 16, 3, 2, 24).init(key(0))
    const ids = (seed: number) =>
      tensor(
        Int32Array.from({ length: 16 }, (_, i) => (i * seed) % 32),
        { shape: [2, 8] },
      )
    const gradients = (use: boolean) => {
      const residuals: Tensor[] = []
      const loss = crossEntropy(model.forward(ids(7), residuals), ids(11))
      return grad(loss, model.parameters(), { checkpoints: use ? residuals : [] })
    }
    expect(await bits(gradients(true))).toEqual(await bits(gradients(false)))
  })

  test('draw the same random numbers again', async () => {
    const w = new State(normal(key(1), [4, 4]))
    const keys = splitKey(key(2), 3)
    const gradients = (use: boolean) => {
      const kept: Tensor[] = []
      let x = normal(key(3), [5, 4])
      for (const one of keys) {
        kept.push(x)
        x = dropout(one, x.matmul(w).tanh(), 0.5).matmul(w)
      }
      return [grad(x.mul(x).sum(), w, { checkpoints: use ? [...kept.slice(1), x] : [] })]
    }
    expect(await bits(gradients(true))).toEqual(await bits(gradients(false)))
  })

  test('take the key of a random State that the same program moves on', async () => {
    const w = new State(normal(key(1), [4, 4]))
    const step = (noise: RandomState, use: boolean) =>
      compile(() => {
        const x = dropout(noise.next(), normal(key(3), [5, 4]).matmul(w).tanh(), 0.5).matmul(w)
        const y = dropout(noise.next(), x.exp(), 0.5).mul(x)
        return grad(y.sum(), w, { checkpoints: use ? [x, y] : [] })
      })
    const [with_, without] = [step(new RandomState(4), true), step(new RandomState(4), false)]
    for (let call = 0; call < 2; call++) expect(await (await with_()).data()).toEqual(await (await without()).data())
  })

  test('sum several cotangents of one tensor in the order of plain ones', async () => {
    const w = normal(key(1), [6])
    const gradients = (use: boolean) => {
      const x = w.mul(3).sin()
      const middle = x.exp()
      const y = middle.add(x.mul(0.3)).add(x.tanh())
      // A loss from within the layer beside that at the end, as experts' routers have.
      const loss = y.mul(y).sum().add(x.mul(x).sum()).add(middle.sum())
      return [grad(loss, w, { checkpoints: use ? [y] : [] })]
    }
    expect(await bits(gradients(true))).toEqual(await bits(gradients(false)))
  })

  test('hand a rule of customVjp what was computed again', async () => {
    const x = tensor([1, 2])
    const rule = customVjp(
      (y) => y.exp(),
      ({ inputs: [y], output, dy }) => [dy.mul(output).mul(y as Tensor)],
    )
    const gradient = (use: boolean) => {
      const y = rule(x.mul(2).sin())
      return grad(y.mul(y).sum(), x, { checkpoints: use ? [y] : [] })
    }
    expect(await bits([gradient(true)])).toEqual(await bits([gradient(false)]))
  })

  test('are taken by a tensor within a segment too', async () => {
    const x = tensor([0.5, -1, 2])
    const both = (use: boolean) => {
      const inner = x.mul(x)
      const y = inner.sin().mul(x)
      return grad(y.exp().sum(), [inner, x], { checkpoints: use ? [y] : [] })
    }
    expect(await bits(both(true))).toEqual(await bits(both(false)))
  })

  test('refuse a checkpoint that the loss was not computed from', () => {
    const x = tensor([1, 2])
    const other = x.exp()
    let thrown: unknown
    try {
      grad(x.mul(2).sum(), x, { checkpoints: [other] })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(ArgumentError)
    expect((thrown as Error).message).toBe(
      'grad: expected checkpoints that the loss was computed from, got one of shape [2] (exp) that it was not. Collect them in the forward pass that gave this loss.',
    )
  })
})

test('a segment is computed again after the cotangent of its end, and before that of its beginning', () => {
  const model = new TinyDecoder(32, 16, 4, 2, 24).init(key(0))
  const ids = tensor([[1, 2, 3, 4]], { dtype: 'int32' })
  const program = planStep(() => {
    const residuals: Tensor[] = []
    const loss = crossEntropy(model.forward(ids, residuals), ids)
    return grad(loss, model.parameters(), { checkpoints: residuals })
  })
  const order = program.launches
    .map(({ label }) => /^rmsNorm(?:Backward)? \((.*)\)$/.exec(label))
    .flatMap((match) => (match ? [match[1]] : []))
  const layer = (i: number) => [`blocks.${i}.norm1`, `blocks.${i}.norm2`]
  expect(order, listing(program)).toEqual([
    ...[0, 1, 2, 3].flatMap(layer),
    'norm',
    'norm, gradient',
    // Both norms of a layer again, then the gradients of both, before anything of the layer below.
    ...[3, 2, 1, 0].flatMap((i) => [...layer(i), `blocks.${i}.norm2, gradient`, `blocks.${i}.norm1, gradient`]),
  ])
})

test('a loss from within a layer does not have its segment computed before its turn', () => {
  const w = normal(key(1), [16, 16])
  const peak = (layers: number) => {
    const program = planStep(() => {
      let x = normal(key(3), [512, 16])
      const checkpoints = [x]
      let loss = x.sum()
      for (let i = 0; i < layers; i++) {
        const router = x.matmul(w).softmax()
        // Two more activations, which the backward pass of the router's own loss does not need.
        x = router.tanh().matmul(w).sin().add(x)
        checkpoints.push(x)
        loss = loss.add(router.mul(router).sum())
      }
      return grad(loss.add(x.mul(x).sum()), w, { checkpoints })
    })
    return peakMemory(program).bytes
  }
  expect(peak(9) - peak(8)).toBe(512 * 16 * 4)
})
