import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { customVjp } from '../../src/autograd/custom-vjp.js'
import { claimProcess } from '../../src/duplicate-core.js'
import { DuplicateCoreError } from '../../src/errors.js'
import {
  AbortError,
  cpuDevice,
  type Device,
  GraphReleasedError,
  grad,
  key,
  memory,
  normal,
  realize,
  State,
  setDefaultDevice,
  tensor,
  UseAfterDisposeError,
  uniform,
  wasmDevice,
} from '../../src/index.js'

describe.each([
  ['cpu', () => cpuDevice()],
  ['wasm', () => wasmDevice({ threads: 2 })],
])('the lazy graph on %s', (_, make) => {
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

  test('realising makes a node a leaf and drops its sources', async () => {
    const y = tensor([1, 2]).mul(3)
    expect(y.node.source.kind).toBe('op')
    await realize(y)
    expect(y.node.source.kind).toBe('leaf')
    expect(y.node.inputs).toHaveLength(0)
    expect(await y.toArray()).toEqual([3, 6])
  })

  test('what was requested stays cached, intermediates do not', async () => {
    const hidden = tensor([1, 2]).mul(3)
    const y = hidden.add(1).exp()
    await realize(y)
    expect(hidden.node.storage[0]).toBeUndefined()
    expect(y.node.storage[0]).toBeDefined()
  })

  test('grad through a released node throws GraphReleasedError with what to do', async () => {
    const w = new State(tensor([2]), { name: 'w' })
    const hidden = w.value.mul(3)
    await realize(hidden)
    const loss = hidden.mul(hidden).sum()
    expect(() => grad(loss, w)).toThrow(GraphReleasedError)
    expect(() => grad(loss, w)).toThrow('Take grad first, then realize(loss, ...gradients) together.')
  })

  test('a realised tensor that does not come from what the gradient is taken by is an ordinary constant', async () => {
    const w = new State(tensor([2]))
    const data = tensor([1, 2, 3]).mul(2)
    await realize(data)
    expect(await grad(data.mul(w).sum(), w).toArray()).toEqual([12])
  })

  test('grad of a released loss throws', async () => {
    const x = tensor([1, 2])
    const loss = x.mul(x).sum()
    await loss.item()
    expect(() => grad(loss, x)).toThrow(GraphReleasedError)
  })

  test('tensors realised apart give what they give together, with the same random numbers', async () => {
    const seed = key(7)
    const noisy = () => uniform(seed, [4]).add(1)
    const [a, b] = [noisy(), noisy()]
    await a.realize()
    await realize(b)
    expect(await a.toArray()).toEqual(await b.toArray())
  })

  test('the same seed gives the same bits on every backend', async () => {
    const here = await uniform(key(3), [1000]).data()
    const there = cpuDevice()
    const reference = await uniform(await key(3).to(there), [1000]).data()
    expect(here).toEqual(reference)
    await there.close()
  })

  test('disposing frees at once; any use afterwards throws UseAfterDisposeError', async () => {
    const x = normal(key(0), [5000])
    await x.realize()
    const held = (await memory()).liveBytes
    x.dispose()
    expect((await memory()).liveBytes).toBeLessThanOrEqual(held - 20000)
    expect(() => x.add(1)).toThrow(UseAfterDisposeError)
    expect(() => x.add(1)).toThrow(
      'add: expected a live tensor, got one of shape [5000] that was disposed. Dispose it after its last use.',
    )
    x.dispose()
  })

  test('a read asked for before dispose still gets its value', async () => {
    const x = normal(key(0), [5000])
    await x.realize()
    const values = x.data()
    x.dispose()
    expect((await values).length).toBe(5000)
  })

  test('an abort acts before a program starts and leaves everything as it was', async () => {
    const cell = new State(tensor([1]))
    await realize(cell)
    cell.assign(cell.value.add(1))
    const abort = new AbortController()
    abort.abort()
    await expect(cell.value.data({ signal: abort.signal })).rejects.toThrow(AbortError)
    expect(device.pendingAssigns).toHaveLength(1)
    expect(await cell.value.toArray()).toEqual([2])
  })

  test('two callers at once get their own results, in the order of asking', async () => {
    const cell = new State(tensor([0]))
    const work = Array.from({ length: 20 }, (_, i) => {
      cell.assign(cell.value.add(i))
      return cell.value.add(0).item()
    })
    const sums = await Promise.all(work)
    expect(sums).toEqual(Array.from({ length: 20 }, (_, i) => (i * (i + 1)) / 2))
  })

  test('an op on tensors of two devices throws at the call', async () => {
    const other = cpuDevice()
    const a = tensor([1], { device })
    const b = tensor([1], { device: other })
    expect(() => a.add(b)).toThrow(
      `add: expected tensors of one device (${device.name}), got one on cpu. Move it with .to(device).`,
    )
    await other.close()
  })

  test('gradients are graph to graph: the second derivative is the gradient of the gradient', async () => {
    const x = tensor([2])
    const first = grad(x.mul(x).mul(x).sum(), x)
    const second = grad(first.sum(), x)
    expect(await second.toArray()).toEqual([12])
  })

  test('what the loss does not depend on gets zeros', async () => {
    const [x, y] = [tensor([1, 2]), tensor([[1], [2]])]
    const gradients = grad(x.sum(), { x, inner: [y] })
    expect(await gradients.x.toArray()).toEqual([1, 1])
    expect(await (gradients.inner[0] as typeof y).toArray()).toEqual([[0], [0]])
  })

  test('stopGradient is a constant to grad', async () => {
    const x = tensor([3])
    expect(await grad(x.mul(x.stopGradient()).sum(), x).toArray()).toEqual([3])
  })

  test('customVjp replaces the derived gradient', async () => {
    const clipped = customVjp(
      (x) => x.mul(5),
      ({ dy }) => [dy.mul(100)],
    )
    const x = tensor([1, 2])
    expect(await grad(clipped(x).sum(), x).toArray()).toEqual([100, 100])
    expect(await clipped(x).toArray()).toEqual([5, 10])
  })

  test('no correctness depends on garbage collection: 300 realisations leave the same memory', async () => {
    let x = normal(key(1), [4000])
    const advance = async () => {
      const next = x.mul(0.99).add(0.01)
      await next.realize()
      x.dispose()
      x = next
    }
    await x.realize()
    // The first round loads the program, which has a few bytes of its own.
    await advance()
    const start = await memory()
    for (let i = 0; i < 300; i++) await advance()
    const end = await memory()
    expect(end.liveBytes).toBe(start.liveBytes)
    expect(end.liveBuffers).toBe(start.liveBuffers)
  })
})

test('a second copy of the library in the process throws DuplicateCoreError', () => {
  expect(() => claimProcess('file:///elsewhere/tensor-core/dist/index.js')).toThrow(DuplicateCoreError)
})
