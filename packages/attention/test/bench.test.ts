import { compile, realize, State, setDefaultDevice, tensor, vjp, wasmDevice } from '@almanac/tensor-core'
import { seededRandom } from '@almanac/test-kit'
import { test } from 'vitest'
import { causalAttention } from '../src/causal-attention.js'

test('x', async () => {
  for (const threads of [1, 2]) {
    const device = wasmDevice({ threads })
    setDefaultDevice(device)
    for (const [B, T, H, KV, S, D, start] of [
      [8, 256, 8, 8, 256, 32, 0],
      [1, 512, 32, 8, 512, 64, 0],
      [1, 1, 32, 8, 2048, 64, 2047],
      [1, 1, 8, 4, 256, 8, 255],
    ] as const) {
      const r = seededRandom(1)
      const mk = (s: number[]) => new State(tensor(r.normals(s.reduce((a, b) => a * b, 1)), { shape: s }))
      const q = mk([B, T, H, D]),
        k = mk([B, S, KV, D]),
        v = mk([B, S, KV, D]),
        dy = mk([B, T, H, D])
      const y = new State({ shape: [B, T, H, D] })
      const starts = tensor(new Int32Array(B).fill(start))
      const fwd = compile((s: any) => {
        y.assign(causalAttention(q, k, v, { starts: s }).y)
        return s.add(1)
      })
      const dq = new State({ shape: [B, T, H, D] }),
        dk = new State({ shape: [B, S, KV, D] }),
        dv = new State({ shape: [B, S, KV, D] })
      const both = compile((s: any) => {
        const [a, b, c] = vjp(causalAttention(q, k, v, { starts: s }).y, dy.value, [q.value, k.value, v.value]) as any
        dq.assign(a)
        dk.assign(b)
        dv.assign(c)
        return s.add(1)
      })
      const pairs = T * start + (T * (T + 1)) / 2
      const flop = 4 * B * H * D * pairs
      for (const [name, f, n] of [
        ['fwd', fwd, flop],
        ['fwd+bwd', both, flop * 3.5],
      ] as const) {
        const times = []
        for (let i = 0; i < 12; i++) {
          const t0 = performance.now()
          await (await f(starts)).data()
          times.push(performance.now() - t0)
        }
        const med = times.sort((a, b) => a - b)[3]!
        console.log(
          `threads ${threads} B${B} T${T} H${H}/${KV} S${S} D${D} ${name}: ${med.toFixed(2)} ms ${(n / med / 1e6).toFixed(1)} GFLOP/s`,
        )
      }
    }
    await device.close()
  }
})
