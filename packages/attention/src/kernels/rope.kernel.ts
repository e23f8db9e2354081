import type { KernelLaunch, KernelOperand, KernelSource } from '@almanac/tensor-core'
import { add, div, fma, mul, neg, rem } from '@almanac/tensor-core/kernel'

interface Attributes {
  readonly interleaved: boolean
}

/** One head of one token a unit; the angles' row repeats over the batch where they have no batch axis. */
const kernel: KernelSource<Attributes> = {
  variant: ({ attributes }: KernelLaunch<Attributes>) => (attributes.interleaved ? 'interleaved' : 'halves'),
  params({ inputs }: KernelLaunch<Attributes>) {
    const [x, cos] = inputs as [KernelOperand, KernelOperand, KernelOperand]
    const [batch, time, heads, channels] = x.view.shape as [number, number, number, number]
    return [batch * time * heads, heads, (cos.view.shape[0] as number) * time, cos.view.shape[3] as number, channels]
  },
  build(k, { variant }) {
    const x = k.buffer('x', 'float32', 'read')
    const cos = k.buffer('cos', 'float32', 'read')
    const sin = k.buffer('sin', 'float32', 'read')
    const y = k.buffer('y', 'float32', 'write')
    const [units, heads, angleRows, half] = [k.param('units'), k.param('heads'), k.param('angleRows'), k.param('half')]
    const channels = k.param('channels')
    k.parallel(units, (unit) => {
      const row = k.let(mul(unit, channels))
      const load = (buffer: typeof x, at: typeof row, lanes: number) =>
        lanes === 1 ? k.load(buffer, at) : k.loadVector(buffer, at)
      k.forVector(mul(half, 2), channels, (i, lanes) => k.store(y, add(row, i), load(x, add(row, i), lanes)))
      const angles = k.let(mul(rem(div(unit, heads), angleRows), half))
      if (variant === 'interleaved') {
        k.for(0, half, (i) => {
          const at = k.let(add(row, mul(i, 2)))
          const [a, b] = [k.let(k.load(x, at)), k.let(k.load(x, add(at, 1)))]
          const [c, s] = [k.let(k.load(cos, add(angles, i))), k.let(k.load(sin, add(angles, i)))]
          k.store(y, at, fma(neg(b), s, mul(a, c)))
          k.store(y, add(at, 1), fma(a, s, mul(b, c)))
        })
        return
      }
      k.forVector(0, half, (i, lanes) => {
        const first = k.let(add(row, i))
        const second = k.let(add(first, half))
        const [a, b] = [k.let(load(x, first, lanes)), k.let(load(x, second, lanes))]
        const [c, s] = [k.let(load(cos, add(angles, i), lanes)), k.let(load(sin, add(angles, i), lanes))]
        k.store(y, first, fma(neg(b), s, mul(a, c)))
        k.store(y, second, fma(a, s, mul(b, c)))
      })
    })
  },
}

export default kernel
