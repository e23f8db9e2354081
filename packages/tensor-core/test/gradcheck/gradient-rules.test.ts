import { afterAll, describe, expect, it } from 'vitest'
import {
  amax,
  amin,
  cast,
  cpuDevice,
  customVjp,
  exp,
  grad,
  maximum,
  minimum,
  mul,
  pow,
  q8_0,
  realize,
  relu,
  softmax,
  stopGradient,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
} from '../../src/index.js'

const device = cpuDevice()
afterAll(() => device.close())

const values = (data: number[] | number[][]) => tensor(data, { device })
// + 0 turns -0 into 0.
const read = async (t: Tensor) => Array.from(await t.data(), (x) => x + 0)

describe('ties share the gradient equally', () => {
  it('amax gives each of three winners a third', async () => {
    const x = values([1, 3, 3, 0, 3])
    expect(await read(grad(amax(x), x))).toEqual([0, 1 / 3, 1 / 3, 0, 1 / 3].map(Math.fround))
  })

  it('amin gives each of two winners a half', async () => {
    const x = values([
      [2, 2, 5],
      [1, 4, 3],
    ])
    expect(await read(grad(sum(amin(x, 1)), x))).toEqual([0.5, 0.5, 0, 1, 0, 0])
  })

  it('maximum and minimum of equal numbers give both a half', async () => {
    const [a, b] = [values([1, 2, 3]), values([3, 2, 1])]
    const high = grad(sum(maximum(a, b)), [a, b])
    const low = grad(sum(minimum(a, b)), [a, b])
    expect(await read(high[0] as Tensor)).toEqual([0, 0.5, 1])
    expect(await read(high[1] as Tensor)).toEqual([1, 0.5, 0])
    expect(await read(low[0] as Tensor)).toEqual([1, 0.5, 0])
    expect(await read(low[1] as Tensor)).toEqual([0, 0.5, 1])
  })

  it('relu at 0 has slope 1/2', async () => {
    const x = values([-1, 0, 1])
    expect(await read(grad(sum(relu(x)), x))).toEqual([0, 0.5, 1])
  })
})

describe('rules that are no derivative', () => {
  it('stopGradient passes the value and no gradient', async () => {
    const x = values([2, 3])
    const y = mul(x, stopGradient(x))
    const g = grad(sum(y), x)
    await realize(y, g)
    expect(await read(y)).toEqual([4, 9])
    expect(await read(g)).toEqual([2, 3])
  })

  it('packing in a block format passes the gradient unchanged', async () => {
    const x = values(Array.from({ length: 32 }, (_, i) => i / 7 - 2))
    const weights = values(Array.from({ length: 32 }, (_, i) => i))
    const packed = cast(cast(x, q8_0), 'float32')
    expect(await read(grad(sum(mul(packed, weights)), x))).toEqual(await read(weights))
  })

  it('customVjp uses its own rule and refuses the wrong number of gradients', async () => {
    const x = values([0.5])
    const double = customVjp(exp, ({ dy }) => [mul(dy, 2)])
    expect(await read(grad(sum(double(x)), x))).toEqual([2])
    const wrong = customVjp(exp, () => [])
    expect(() => grad(sum(wrong(x)), x)).toThrow('customVjp: expected 1 gradients, one an input, got 0.')
  })
})

describe('edges', () => {
  it('x^0 has slope 0 at 0, and x^n has a gradient by n of 0 where x is not positive', async () => {
    const [x, n] = [values([0, 0, -2]), values([0, 1, 2])]
    const [dx, dn] = grad(sum(pow(x, n)), [x, n])
    expect(await read(dx as Tensor)).toEqual([0, 1, -4])
    expect(await read(dn as Tensor)).toEqual([0, 0, 0])
  })

  it('a fully masked row of a softmax has gradient 0, not NaN', async () => {
    const low = Number.NEGATIVE_INFINITY
    const x = values([
      [low, low],
      [0, low],
    ])
    const y = softmax(x)
    const g = grad(sum(mul(y, y)), x)
    await realize(y, g)
    expect(await read(y)).toEqual([0, 0, 1, 0])
    expect(await read(g)).toEqual([0, 0, 0, 0])
  })

  it('what the loss does not depend on gets zeros, in the tree that was asked for', async () => {
    const [a, b] = [values([1, 2]), values([3])]
    const gradients = grad(sum(mul(a, a)), { a, rest: [b] })
    expect(await read(gradients.a)).toEqual([2, 4])
    expect(await read(gradients.rest[0] as Tensor)).toEqual([0])
  })

  it('takes third derivatives', async () => {
    const x = values([0.5])
    const once = grad(sum(pow(x, 4)), x)
    const twice = grad(sum(once), x)
    expect((await read(grad(sum(twice), x)))[0]).toBeCloseTo(24 * 0.5, 4)
  })

  it('valueAndGrad gives both', async () => {
    const x = values([1, 2])
    const { value, gradients } = valueAndGrad((p: Tensor) => sum(mul(p, p)))(x)
    await realize(value, gradients)
    expect(await value.item()).toBe(5)
    expect(await read(gradients)).toEqual([2, 4])
  })

  it('refuses a loss of several elements and one that is no float', () => {
    const x = values([1, 2])
    expect(() => grad(x, x)).toThrow('grad: expected a loss of one element, got [2]. Take its sum() or mean().')
    expect(() => grad(tensor(1, { dtype: 'int32' }), x)).toThrow('grad: expected a float loss, got int32.')
  })
})
