import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  AbortError,
  bumpModuleEpoch,
  compile,
  cpuDevice,
  type Device,
  dropout,
  foldIn,
  grad,
  keep,
  key,
  memory,
  observe,
  RandomState,
  RetraceLimitError,
  realize,
  State,
  StateLostError,
  setDefaultDevice,
  type Tensor,
  TraceError,
  tensor,
  UseAfterDisposeError,
  wasmDevice,
  zeros,
} from '../../src/index.js'
import { Linear } from '../../src/nn/index.js'

describe.each([
  ['cpu', () => cpuDevice()],
  ['wasm', () => wasmDevice({ threads: 2 })],
])('compile on %s', (_, make) => {
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

  test('traces once for each shape, dtype and scalar value', async () => {
    const scale = compile((x: Tensor, by: number) => x.mul(by))
    expect(await (await scale(tensor([1, 2]), 3)).toArray()).toEqual([3, 6])
    expect(await (await scale(tensor([4, 5]), 3)).toArray()).toEqual([12, 15])
    expect(scale.traces).toBe(1)
    await scale(tensor([4, 5]), 4)
    await scale(tensor([4, 5, 6]), 3)
    await scale(tensor([4, 5], { dtype: 'int32' }), 3)
    expect(scale.traces).toBe(4)
  })

  test('arguments and results are trees', async () => {
    const f = compile(({ a, b }: { a: Tensor; b: Tensor[] }) => ({
      sum: a.add(b[0] as Tensor),
      parts: [a, (b[0] as Tensor).neg()],
    }))
    const out = await f({ a: tensor([1]), b: [tensor([2])] })
    expect(await out.sum.toArray()).toEqual([3])
    expect(await (out.parts[0] as Tensor).toArray()).toEqual([1])
    expect(await (out.parts[1] as Tensor).toArray()).toEqual([-2])
  })

  test('lazy arguments are realised first', async () => {
    const f = compile((x: Tensor) => x.add(1))
    expect(await (await f(tensor([1]).mul(5))).toArray()).toEqual([6])
  })

  test('captured tensors become inputs by identity, nothing is baked in', async () => {
    const offset = tensor([10, 20])
    const f = compile((x: Tensor) => x.add(offset))
    expect(await (await f(tensor([1, 2]))).toArray()).toEqual([11, 22])
    expect(await (await f(tensor([3, 4]))).toArray()).toEqual([13, 24])
  })

  test('an item() or a realise while tracing throws', async () => {
    const f = compile((x: Tensor) => {
      void x.item()
      return x
    })
    await expect(f(tensor([1]))).rejects.toThrow(TraceError)
  })

  test('an async function is refused', async () => {
    const f = compile(async (x: Tensor) => x)
    await expect(f(tensor([1]))).rejects.toThrow('expected a synchronous function, got one that returned a promise')
  })

  test('a new State while tracing throws', async () => {
    const f = compile((x: Tensor) => x.add(new State(tensor([1]))))
    await expect(f(tensor([1]))).rejects.toThrow('expected no new State while a function is traced')
  })

  test('a compiled function inside a trace throws and points to .fn', async () => {
    const inner = compile((x: Tensor) => x.mul(2), { name: 'inner' })
    const outer = compile((x: Tensor) => {
      inner(x).catch((error: Error) => errors.push(error))
      return inner.fn(x)
    })
    const errors: Error[] = []
    expect(await (await outer(tensor([4]))).toArray()).toEqual([8])
    expect(errors[0]?.message).toContain('Write .fn(...) there.')
  })

  test('a lazy tensor from outside that reads a State is refused', async () => {
    const w = new State(tensor([1]), { name: 'w' })
    await realize(w)
    const outside = w.value.mul(2)
    const f = compile((x: Tensor) => x.add(outside))
    await expect(f(tensor([1]))).rejects.toThrow('a lazy tensor made outside that reads w')
  })

  test('after eight forms an error names the argument that varies', async () => {
    const f = compile((x: Tensor, options: { rate: number }) => x.mul(options.rate), { name: 'step' })
    const x = tensor([1])
    for (let i = 0; i < 8; i++) await f(x, { rate: i })
    await expect(f(x, { rate: 8 })).rejects.toThrow(RetraceLimitError)
    await expect(f(x, { rate: 8 })).rejects.toThrow(/arguments\[1\]\.rate \(8 forms, now number 8\) keeps changing/)
    expect(await (await f(x, { rate: 3 })).toArray()).toEqual([3])
  })

  test('a change of a module is a new form', async () => {
    const layer = new Linear(2, 2).init(key(0))
    const f = compile((x: Tensor) => layer.forward(x))
    await f(tensor([[1, 2]]))
    layer.freeze()
    await f(tensor([[1, 2]]))
    bumpModuleEpoch()
    await f(tensor([[1, 2]]))
    expect(f.traces).toBe(3)
  })

  test('dropout is active when a key is passed; a random State gives a new one each call', async () => {
    const random = new RandomState(5)
    const f = compile((x: Tensor) => dropout(random.next(), x, 0.5))
    const ones = zeros([64]).add(1)
    await ones.realize()
    const first = await (await f(ones)).data()
    const second = await (await f(ones)).data()
    expect(first).not.toEqual(second)
    for (const value of first) expect([0, 2]).toContain(value)
  })

  test('a key folded with a step gives the same mask for the same step', async () => {
    const f = compile((x: Tensor, step: Tensor) => dropout(foldIn(key(1), step), x, 0.5))
    const ones = await zeros([64]).add(1).realize()
    const at = (i: number) => tensor(i, { dtype: 'int32' })
    const [a, b, c] = [
      await (await f(ones, at(1))).data(),
      await (await f(ones, at(2))).data(),
      await (await f(ones, at(1))).data(),
    ]
    expect(a).toEqual(c)
    expect(a).not.toEqual(b)
  })

  test('observe adds named outputs and changes nothing else', async () => {
    const f = compile((x: Tensor) => observe('hidden', x.mul(2)).sum())
    expect(await (await f(tensor([1, 2]))).item()).toBe(6)
    expect(await f.observed().get('hidden')?.toArray()).toEqual([2, 4])
  })

  test('small results are copies; large ones are valid until the call after next unless kept', async () => {
    const f = compile((x: Tensor) => ({ small: x.sum(), large: zeros([5000]).add(x.sum()) }))
    const results = []
    for (let i = 1; i <= 3; i++) results.push(await f(tensor([i])))
    const [first, second, third] = results as [(typeof results)[0], (typeof results)[0], (typeof results)[0]]
    keep(second?.large as Tensor)
    await f(tensor([4]))
    expect(await first?.small.item()).toBe(1)
    await expect(first?.large.data()).rejects.toThrow(UseAfterDisposeError)
    expect((await second?.large.data())?.[0]).toBe(2)
    expect((await third?.large.data())?.[0]).toBe(3)
    second?.large.dispose()
  })

  test('a result may be disposed between calls', async () => {
    const twice = compile((x: Tensor) => x.mul(2))
    const x = tensor(new Float32Array(5000).fill(3))
    const results: Tensor[] = []
    for (let i = 0; i < 4; i++) {
      const y = await twice(x)
      results.push(y)
      expect((await y.data())[i]).toBe(6)
      y.dispose()
    }
    expect(() => results[0]?.add(1)).toThrow(UseAfterDisposeError)
  })

  test('a program may write a State that holds nothing yet, and read what it wrote', async () => {
    const cell = new State({ shape: [2] })
    const f = compile((x: Tensor) => {
      cell.assign(x.mul(2))
      return cell.value.sum()
    })
    expect(await (await f(tensor([1, 2]))).item()).toBe(6)
    expect(await cell.value.toArray()).toEqual([2, 4])
  })

  test('memory stays constant over 200 calls whose results are read', async () => {
    // A device of its own: what other tests left behind is collected whenever the engine likes.
    const own = make()
    const shared = setDefaultDevice(own)
    const w = new State(zeros([2000]).add(1))
    const f = compile((x: Tensor) => {
      const loss = w.value.mul(x).sum()
      w.assign(w.value.sub(grad(loss, w).mul(1e-3)))
      return loss
    })
    for (let i = 0; i < 3; i++) await (await f(tensor([1]))).item()
    const start = await memory()
    for (let i = 0; i < 200; i++) await (await f(tensor([1]))).item()
    expect(await memory()).toEqual(start)
    setDefaultDevice(shared)
    await own.close()
  })

  test('an abort before the program starts leaves its States readable', async () => {
    const cell = new State(tensor([1]))
    const f = compile(() => {
      cell.assign(cell.value.add(1))
      return cell.value
    })
    await f()
    const abort = new AbortController()
    abort.abort()
    await expect(f.with({ signal: abort.signal })()).rejects.toThrow(AbortError)
    expect(await cell.value.toArray()).toEqual([2])
    expect(await (await f()).toArray()).toEqual([3])
  })

  test('two callers at once: the assigns of one come wholly before the other', async () => {
    const cell = new State(tensor([0]))
    const f = compile((x: Tensor) => {
      cell.assign(cell.value.add(x))
      return cell.value
    })
    const results = await Promise.all([1, 2, 3, 4].map(async (i) => (await f(tensor([i]))).item()))
    expect(results).toEqual([1, 3, 6, 10])
  })
})

test('a program that fails half-way marks the States it writes as lost, and an assign mends them', async () => {
  const device = cpuDevice()
  const before = setDefaultDevice(device)
  const cell = new State(tensor([1]), { name: 'weight' })
  await realize(cell)
  const step = compile((x: Tensor) => {
    cell.assign(cell.value.add(x))
    return cell.value
  })
  await step(tensor([1]))
  const backend = await device.start()
  const { run } = backend
  backend.run = async () => {
    throw new Error('the device went away')
  }
  await step(tensor([1]))
    .then((y) => y.data())
    .catch(() => undefined)
  backend.run = run
  await expect(cell.value.data()).rejects.toThrow(StateLostError)
  await expect(cell.value.data()).rejects.toThrow(
    'read weight: expected a State with contents, got one whose contents were lost when a program failed half-way. Assign it again, e.g. from a checkpoint. Cause: the device went away',
  )
  cell.assign(tensor([5]))
  expect(await cell.value.toArray()).toEqual([5])
  setDefaultDevice(before)
  await device.close()
})
