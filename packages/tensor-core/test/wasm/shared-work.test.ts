import { afterAll, describe, expect, it } from 'vitest'
import { compile, key, normal, State, type Tensor, wasmDevice } from '../../src/index.js'

describe('independent kernels on two threads', () => {
  const device = wasmDevice({ threads: 2 })
  afterAll(() => device.close())

  it('give what one thread gives, over and over', async () => {
    const alone = wasmDevice({ threads: 1 })
    const results = []
    for (const d of [alone, device]) {
      const cells = [1, 2, 3].map((seed) => new State(normal(key(seed), [65, 67]), { device: d }))
      const step = compile(() => {
        const [a, b, c] = cells as [State, State, State]
        const products = [a, b, c].map((x) => x.value.matmul(x.value.transpose(0, 1)))
        const sums = products.map((p) => p.sum([0]))
        for (const [i, cell] of cells.entries()) {
          cell.assign(cell.value.add((products[(i + 1) % 3] as Tensor).matmul(cell.value)).mul(0.01))
        }
        return sums.reduce((x, y) => x.add(y))
      })
      let last: unknown
      for (let i = 0; i < 60; i++) last = await (await step()).data()
      results.push(last)
    }
    await alone.close()
    expect(results[1]).toEqual(results[0])
  })

  it('keep their order where one buffer is bound twice', async () => {
    const cell = new State(normal(key(1), [300, 301]), { device })
    const step = compile((x: Tensor) => {
      const read = x.mul(2)
      cell.assign(cell.value.add(1))
      return read.sub(x)
    })
    for (let i = 0; i < 20; i++) {
      const before = await cell.value.data()
      const result = await (await step(cell.value)).data()
      expect(result).toEqual(before)
    }
  })
})
