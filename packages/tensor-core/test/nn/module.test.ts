import { expect, it } from 'vitest'
import { setDefaultDevice } from '../../src/default-device.js'
import { ArgumentError, add, cpuDevice, mul, State, StateDictError, type Tensor, tensor } from '../../src/index.js'
import { Dropout, Embedding, LayerNorm, Linear, loadStateDict, Module, RMSNorm, stateDict } from '../../src/nn/index.js'
import { key } from '../../src/random/key.js'

setDefaultDevice(cpuDevice())

class Block extends Module {
  readonly norm = new RMSNorm(4)
  readonly up = new Linear(4, 4, { bias: false })
  forward(x: Tensor): Tensor {
    return add(x, this.up.forward(this.norm.forward(x)))
  }
}

class Net extends Module {
  readonly embedding = new Embedding(5, 4)
  readonly layers = [new Block(), new Block()]
  readonly norm = new LayerNorm(4)
  readonly head = new Linear(4, 5, { bias: false })
  readonly steps = new State(tensor(0))
  constructor() {
    super()
    this.head.weight = this.embedding.weight
  }
  forward(ids: Tensor): Tensor {
    let x = this.embedding.forward(ids)
    for (const layer of this.layers) x = layer.forward(x)
    return this.head.forward(this.norm.forward(x))
  }
}

const ids = (...values: number[]): Tensor => tensor(values, { dtype: 'int32' })

it('names parameters by their paths, a shared one once', () => {
  expect([...new Net().namedParameters()].map(([name]) => name)).toEqual([
    'embedding.weight',
    'layers.0.norm.weight',
    'layers.0.up.weight',
    'layers.1.norm.weight',
    'layers.1.up.weight',
    'norm.weight',
    'norm.bias',
  ])
  expect([...new Net().namedModules()].map(([name]) => name)).toEqual([
    'embedding',
    'layers.0',
    'layers.0.norm',
    'layers.0.up',
    'layers.1',
    'layers.1.norm',
    'layers.1.up',
    'norm',
    'head',
  ])
})

it('names the module in the errors of the ops inside it', () => {
  const net = new Net().init(key(1))
  expect(() => (net.layers[1] as Block).up.forward(tensor([1, 2, 3]))).toThrow(/layers\.1\.up/)
})

it('draws every parameter by its name: equal seeds give equal modules, layers differ', async () => {
  const [a, b, c] = [new Net().init(key(3)), new Net().init(key(3)), new Net().init(key(4))]
  const weight = (net: Net, i: number) => (net.layers[i] as Block).up.weight.value.data()
  expect(await weight(a, 0)).toEqual(await weight(b, 0))
  expect(await weight(a, 0)).not.toEqual(await weight(a, 1))
  expect(await weight(a, 0)).not.toEqual(await weight(c, 0))
})

it('carries a module from one to another by its state dict', async () => {
  const [a, b] = [new Net().init(key(1)), new Net().init(key(2))]
  a.steps.assign(7)
  const dict = await stateDict(a)
  expect([...dict.keys()]).toContain('steps')
  expect(dict.has('head.weight')).toBe(false)
  loadStateDict(b, dict)
  expect(await b.forward(ids(0, 4)).data()).toEqual(await a.forward(ids(0, 4)).data())
  expect(await b.steps.value.item()).toBe(7)
})

it('refuses a state dict that does not match, lists why, and assigns nothing', async () => {
  const linear = new Linear(2, 3).init(key(1))
  const before = await linear.weight.value.data()
  const load = (entries: [string, Tensor][]) => () => loadStateDict(linear, new Map(entries))
  const [weight, bias] = [tensor([1, 1, 1, 1, 1, 1], { shape: [3, 2] }), tensor([0, 0, 0])]
  const message = (why: string) =>
    `loadStateDict: expected the 2 names and shapes of Linear, got ${why}. Check that the file is of this model and its names are mapped.`
  expect(load([['weight', weight]])).toThrow(new StateDictError('', '', '').constructor as typeof StateDictError)
  expect(load([['weight', weight]])).toThrow(message('missing: bias'))
  expect(
    load([
      ['weight', weight],
      ['bias', bias],
      ['scale', bias],
    ]),
  ).toThrow(message('unexpected: scale'))
  expect(
    load([
      ['weight', weight.transpose()],
      ['bias', bias],
    ]),
  ).toThrow(message('other shapes: weight [2, 3] for [3, 2]'))
  expect(load('abcdef'.split('').map((name) => [name, bias]))).toThrow(
    message('missing: weight, bias; unexpected: a, b, c, d, e and 1 more'),
  )
  expect(await linear.weight.value.data()).toEqual(before)
})

it('freezes and unfreezes the parameters under a module', () => {
  const net = new Net()
  expect(net.parameters()).toHaveLength(7)
  net.layers[0]?.freeze()
  expect(net.parameters()).toHaveLength(5)
  net.freeze()
  expect(net.parameters()).toHaveLength(0)
  expect(net.unfreeze().parameters()).toHaveLength(7)
})

it('replaces the module at a path, and names those it has when there is none', async () => {
  class Twice extends Module {
    forward(x: Tensor): Tensor {
      return mul(x, 2)
    }
  }
  const block = new Block().init(key(1))
  block.replace('up', new Twice())
  expect([...block.namedParameters()].map(([name]) => name)).toEqual(['norm.weight'])
  const y = await block.forward(tensor([1, 1, 1, 1])).data()
  for (const value of y) expect(value).toBeCloseTo(3, 4)
  const net = new Net()
  net.replace('layers.1.norm', new RMSNorm(4))
  expect(() => new Block().replace('down', new Twice())).toThrow(ArgumentError)
  expect(() => new Block().replace('down.weight', new Twice())).toThrow(
    "Module.replace: expected the path of a module (norm, up, ...), got 'down.weight'.",
  )
})

it('gives NaN for an id outside the table, and for that id alone', async () => {
  const table = new Embedding(3, 2).init(key(1))
  const y = await table.forward(ids(0, 3, -1, 2)).data()
  expect([...y].map(Number.isNaN)).toEqual([false, false, true, true, true, true, false, false])
})

it('drops with a key and only then', async () => {
  const dropout = new Dropout(0.25)
  const x = tensor(new Float32Array(20_000).fill(1))
  expect(dropout.forward(x)).toBe(x)
  const y = await dropout.forward(x, key(5)).data()
  expect(await dropout.forward(x, key(5)).data()).toEqual(y)
  expect(await dropout.forward(x, key(6)).data()).not.toEqual(y)
  const dropped = y.filter((value) => value === 0).length / y.length
  // Five standard deviations of a share of 20,000 draws.
  expect(Math.abs(dropped - 0.25)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / 20_000))
  for (const value of y) if (value !== 0) expect(value).toBe(Math.fround(1 / 0.75))
  expect(() => new Dropout(1)).toThrow('Dropout: expected a rate from 0 up to 1, got 1.')
})
