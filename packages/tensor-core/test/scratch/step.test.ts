import { test } from 'vitest'
import { crossEntropy, grad, key, compile, setDefaultDevice, wasmDevice, tensor, rmsNorm, swiglu, State, iota, le, where, type Tensor, memory } from '../../src/index.js'
import { Embedding, Linear, Module, RMSNorm } from '../../src/nn/index.js'
import { AdamW } from '../../src/optim/index.js'
const lin = (i: number, o: number) => new Linear(i, o, { bias: false })
class Block extends Module {
  norm1; norm2; q; k; v; o; gate; up; down; H
  constructor(C: number, H: number, F: number) {
    super(); this.H = H
    this.norm1 = new RMSNorm(C); this.norm2 = new RMSNorm(C)
    this.q = lin(C, C); this.k = lin(C, C); this.v = lin(C, C); this.o = lin(C, C)
    this.gate = lin(C, F); this.up = lin(C, F); this.down = lin(F, C)
  }
  forward(x: Tensor) {
    const [B, T, C] = x.shape as [number, number, number]
    const h = this.norm1.forward(x)
    const heads = (l: Linear) => l.forward(h).reshape([B, T, this.H, C / this.H]).permute([0, 2, 1, 3])
    const [q, k, v] = [heads(this.q), heads(this.k), heads(this.v)]
    const scores = q.matmul(k, { transposeB: true }).mul((C / this.H) ** -0.5)
    const mask = le(iota([T, T], 1), iota([T, T], 0))
    const p = where(mask, scores, -1e9).softmax()
    const y = x.add(this.o.forward(p.matmul(v).permute([0, 2, 1, 3]).reshape([B, T, C])))
    const h2 = this.norm2.forward(y)
    return y.add(this.down.forward(swiglu(this.gate.forward(h2), this.up.forward(h2))))
  }
}
class Lm extends Module {
  embed; blocks; norm
  constructor(V: number, C: number, L: number, H: number, F: number) {
    super(); this.embed = new Embedding(V, C); this.blocks = Array.from({ length: L }, () => new Block(C, H, F)); this.norm = new RMSNorm(C)
  }
  forward(t: Tensor) {
    let x = this.embed.forward(t)
    for (const b of this.blocks) x = b.forward(x)
    return this.norm.forward(x).matmul(this.embed.weight, { transposeB: true })
  }
}
test('step', async () => {
  const threads = Number(process.env.T ?? 2)
  const device = wasmDevice({ threads }); setDefaultDevice(device)
  const big = process.env.BIG
  const [V, C, L, H, F, B, T] = big ? [4096, 256, 6, 8, 688, 8, 256] : [64, 32, 2, 4, 88, 4, 16]
  const model = new Lm(V!, C!, L!, H!, F!).init(key(0))
  const opt = new AdamW(model)
  const step = compile((x: Tensor, y: Tensor) => { const loss = crossEntropy(model.forward(x), y); opt.step(grad(loss, model.parameters())); return loss })
  const backend = await device.start()
  const load = backend.load.bind(backend)
  backend.load = async (p) => {
    const e = await load(p)
    const count: Record<string, number> = {}
    for (const l of p.launches) { const n = l.kind === 'map' ? (process.env.V ? l.label + ' ' + l.shape : 'map') : l.kind === 'reduce' ? 'reduce' : l.kind === 'op' ? l.record.name : l.definition.name; count[n] = (count[n] ?? 0) + 1 }
    console.log(p.launches.length, 'launches', p.slots.length, 'slots temp', (e.temporaryBytes / 2 ** 20).toFixed(1), 'MiB', count)
    return e
  }
  const n = B! * T!
  const x = tensor(Int32Array.from({ length: n }, (_, i) => (i * 7919) % V!), { shape: [B!, T!] })
  const y = tensor(Int32Array.from({ length: n }, (_, i) => (i * 104729) % V!), { shape: [B!, T!] })
  for (let i = 0; i < (big ? 5 : 20); i++) { const t = performance.now(); const l = await (await step(x, y)).item(); if (big || i % 5 == 0) console.log(i, l.toFixed(5), (performance.now() - t).toFixed(1), 'ms', Math.round(n / (performance.now() - t) * 1000), 'tok/s') }
  console.log(await memory(), process.memoryUsage().rss / 2 ** 20)
}, 200000)
