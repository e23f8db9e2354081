import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  compile,
  cpuDevice,
  type Device,
  grad,
  realize,
  StaleReadError,
  State,
  setDefaultDevice,
  tensor,
  wasmDevice,
} from '../../src/index.js'

describe.each([
  ['cpu', () => cpuDevice()],
  ['wasm, one thread', () => wasmDevice({ threads: 1 })],
  ['wasm, two threads', () => wasmDevice({ threads: 2 })],
])('State on %s', (_, make) => {
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

  test('an op captures the version that is current when it is called', async () => {
    const cell = new State(tensor([1, 2]), { name: 'cell' })
    const early = cell.value.mul(10)
    cell.assign(cell.value.add(1))
    const late = cell.value.mul(10)
    await realize(early, late)
    expect(await early.toArray()).toEqual([10, 20])
    expect(await late.toArray()).toEqual([20, 30])
  })

  test('assigns take effect in program order', async () => {
    const cell = new State(tensor([1]))
    cell.assign(cell.value.add(1))
    cell.assign(cell.value.mul(10))
    cell.assign(cell.value.sub(3))
    expect(await cell.value.toArray()).toEqual([17])
  })

  test('realising anything runs every earlier assign, after the reads in that realisation', async () => {
    const cell = new State(tensor([5]))
    await realize(cell)
    const old = cell.value.mul(2)
    cell.assign(tensor([7]))
    await realize(old)
    expect(await old.toArray()).toEqual([10])
    expect(device.pendingAssigns).toHaveLength(0)
    expect(await cell.value.toArray()).toEqual([7])
  })

  test('an assign made after the call belongs to a later program', async () => {
    const cell = new State(tensor([1]))
    const read = cell.value.add(0)
    const first = read.realize()
    cell.assign(tensor([2]))
    await first
    expect(await read.toArray()).toEqual([1])
    expect(await cell.value.toArray()).toEqual([2])
  })

  test('a lazy tensor that reads an overwritten version throws StaleReadError, naming both', async () => {
    const cell = new State(tensor([1]), { name: 'weight' })
    await realize(cell)
    const lazy = cell.value.mul(2)
    cell.assign(tensor([3]))
    await realize(cell)
    await expect(lazy.data()).rejects.toThrow(StaleReadError)
    await expect(lazy.data()).rejects.toThrow(
      'read weight: expected version 1, which a lazy tensor captured, got version 2, which a later assign to weight wrote. Realise the tensor before the assign runs, or read a copy().',
    )
  })

  test('a copy keeps an old version', async () => {
    const cell = new State(tensor([1, 2, 3]))
    const kept = cell.value.copy()
    await realize(kept)
    cell.assign(tensor([0, 0, 0]))
    await realize(cell)
    expect(await kept.toArray()).toEqual([1, 2, 3])
  })

  test('assigning from another State copies: a buffer belongs to one cell', async () => {
    const a = new State(tensor([1, 2]))
    const b = new State(tensor([0, 0]))
    b.assign(a.value)
    await realize(b)
    a.assign(a.value.add(10))
    await realize(a)
    expect(await b.value.toArray()).toEqual([1, 2])
    expect(await a.value.toArray()).toEqual([11, 12])
  })

  test('two States can exchange their values', async () => {
    const a = new State(tensor([1, 2]))
    const b = new State(tensor([3, 4]))
    await realize(a, b)
    const [oldA, oldB] = [a.value, b.value]
    a.assign(oldB)
    b.assign(oldA)
    await realize(a, b)
    expect(await a.value.toArray()).toEqual([3, 4])
    expect(await b.value.toArray()).toEqual([1, 2])
  })

  test('an in-place write waits for readers that are not element by element', async () => {
    const cell = new State(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    )
    await realize(cell)
    const old = cell.value
    const reversed = old.flip()
    cell.assign(old.add(old.transpose()))
    await realize(reversed, cell)
    expect(await reversed.toArray()).toEqual([
      [4, 3],
      [2, 1],
    ])
    expect(await cell.value.toArray()).toEqual([
      [2, 5],
      [5, 8],
    ])
  })

  test('a read of the old version that comes later in the graph still sees it', async () => {
    const cell = new State(tensor([1, 2, 3]))
    await realize(cell)
    const old = cell.value
    cell.assign(old.mul(2))
    const sumOfOld = old.sum()
    const sumOfNew = cell.value.sum()
    await realize(sumOfOld, sumOfNew)
    expect([await sumOfOld.item(), await sumOfNew.item()]).toEqual([6, 12])
  })

  test('a State assigned to itself keeps its value', async () => {
    const cell = new State(tensor([4, 5]))
    cell.assign(cell.value)
    expect(await cell.value.toArray()).toEqual([4, 5])
  })

  test('a State that was never assigned says so', async () => {
    const cell = new State({ shape: [2] }, { name: 'empty' })
    await expect(cell.value.add(1).data()).rejects.toThrow(
      'read empty: expected a State with a value, got one that was never assigned. Call init(key) on its module, or assign it.',
    )
  })

  test('assign refuses another shape or dtype, naming the State', () => {
    const cell = new State(tensor([1, 2]), { name: 'layer.weight' })
    expect(() => cell.assign(tensor([1, 2, 3]))).toThrow('layer.weight.assign: expected shape [2], got [3].')
    expect(() => cell.assign(tensor([1, 2], { dtype: 'int32' }))).toThrow(
      "layer.weight.assign: expected float32, got int32. Convert it with .cast('float32').",
    )
  })

  test('gradients are taken by the version that is current', async () => {
    const w = new State(tensor([3]))
    const loss = w.value.mul(w.value).sum()
    const gradient = grad(loss, w)
    expect(await gradient.toArray()).toEqual([6])
  })

  test('a compiled function reads and assigns States by identity', async () => {
    const total = new State(tensor(0))
    const add = compile((x: ReturnType<typeof tensor>) => {
      total.assign(total.value.add(x.sum()))
      return total.value
    })
    const results: number[] = []
    for (const values of [
      [1, 2],
      [3, 4],
      [5, 6],
    ])
      results.push(await (await add(tensor(values))).item())
    expect(results).toEqual([3, 10, 21])
    expect(await total.value.item()).toEqual(21)
    expect(add.traces).toBe(1)
    total.assign(100)
    expect(await (await add(tensor([1, 1]))).item()).toBe(102)
  })

  test('partial updates of a State in a program write in place and keep the rest', async () => {
    const cache = new State(tensor([0, 0, 0, 0, 0, 0], {}))
    await realize(cache)
    const append = compile((x: ReturnType<typeof tensor>, at: ReturnType<typeof tensor>) => {
      const { dynamicUpdateSlice } = ops
      cache.assign(dynamicUpdateSlice(cache, x, at))
      return cache.value.sum()
    })
    const ops = await import('../../src/index.js')
    const at = (i: number) => tensor([i], { dtype: 'int32' })
    expect(await (await append(tensor([1, 2]), at(0))).item()).toBe(3)
    expect(await (await append(tensor([3, 4]), at(2))).item()).toBe(10)
    expect(await cache.value.toArray()).toEqual([1, 2, 3, 4, 0, 0])
  })
})
