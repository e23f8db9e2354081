import { cpuDevice, realize, setDefaultDevice, tensor, vjp, wasmDevice } from '@almanac/tensor-core'
import { assertClose, seededRandom, toleranceFor } from '@almanac/test-kit'
import { test } from 'vitest'
import { causalAttention } from '../src/causal-attention.js'

test('x', async () => {
  const shapes: [number, number, number, number, number, number, number[]][] = [
    [2, 7, 4, 2, 12, 8, [5, 0]],
    [1, 1, 4, 2, 9, 6, [8]],
    [2, 70, 3, 3, 140, 5, [-3, 70]],
    [1, 19, 4, 1, 19, 12, [0]],
  ]
  for (const [B, T, H, KV, S, D, starts] of shapes) {
    const r = seededRandom(1)
    const qs = r.normals(B * T * H * D),
      ks = r.normals(B * S * KV * D),
      vs = r.normals(B * S * KV * D),
      dys = r.normals(B * T * H * D)
    const out: any[] = []
    for (const device of [cpuDevice(), wasmDevice({ threads: 1 }), wasmDevice({ threads: 2 })]) {
      setDefaultDevice(device)
      const q = tensor(qs, { shape: [B, T, H, D] }),
        k = tensor(ks, { shape: [B, S, KV, D] }),
        v = tensor(vs, { shape: [B, S, KV, D] }),
        dy = tensor(dys, { shape: [B, T, H, D] })
      const { y, lse } = causalAttention(q, k, v, { starts: tensor(Int32Array.from(starts)) })
      const [dq, dk, dv] = vjp(y, dy, [q, k, v]) as any
      await realize(y, lse, dq, dk, dv)
      out.push(await Promise.all([y, lse, dq, dk, dv].map((t: any) => t.data())))
      await device.close()
    }
    const tol = toleranceFor('float32', 'fused')
    for (let i = 0; i < 5; i++) {
      for (const d of [1, 2]) {
        try {
          assertClose(out[d][i], out[0][i], tol, `B${B} T${T} ${['y', 'lse', 'dq', 'dk', 'dv'][i]} dev${d}`)
        } catch (e) {
          console.log(String(e))
        }
      }
      if (Buffer.compare(Buffer.from(out[1][i].buffer), Buffer.from(out[2][i].buffer))) console.log('threads differ', i)
    }
  }
})
