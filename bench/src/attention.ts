// Causal attention on the wasm backend, forward and backward, in GFLOP/s of the causal half, beside square matrix products of
// about the same work (eight of them at most), measured in turns on the same device.
import { causalAttentionBackward, causalAttentionForward } from '@almanac/attention'
import {
  compile,
  key,
  matmul,
  normal,
  realize,
  State,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
} from '@almanac/tensor-core'
import { median } from './measured/median.js'
import { benchOptions } from './shared/bench-options.js'
import { startReport } from './shared/report.js'

const [BATCH, HEADS] = [4, 8]
const SHAPES = [64, 32].flatMap((D) =>
  [128, 256, 512, 1024, 2048, 4096].map((T) => ({ batch: BATCH, T, H: HEADS, KV: HEADS, D })),
)
const CASES = [
  ...SHAPES,
  // Grouped queries: with fewer than eight kv heads in all, the backward pass computes its weights twice.
  { batch: BATCH, T: 1024, H: HEADS, KV: 2, D: 64 },
  { batch: 1, T: 1024, H: HEADS, KV: 2, D: 64 },
]
/** Side of the matrix products. */
const SIDE = 512

const options = benchOptions()
const report = startReport('attention', { ...options, dry: options.dry || options.only !== '' })

/** A program that runs `run`, which assigns to cells, as a function that gives its milliseconds. */
function timed(run: () => void, cell: State): () => Promise<number> {
  const program = compile(() => {
    run()
    return cell.value.reshape([-1]).slice([[0, 1]])
  })
  return async () => {
    const start = performance.now()
    await (await program()).data()
    return performance.now() - start
  }
}

for (const threads of options.threads ?? [1, 2]) {
  const device = wasmDevice({ threads })
  setDefaultDevice(device)
  for (const { batch, T, H, KV, D } of CASES) {
    const name = `B ${batch} T ${T} H ${H} KV ${KV} D ${D}`
    if (!name.includes(options.only)) continue
    let seed = 0
    const filled = (...shape: number[]) => new State(normal(key(++seed), shape))
    const [q, dy, delta] = [filled(batch, T, H, D), filled(batch, T, H, D), filled(batch, T, H)]
    const [k, v] = [filled(batch, T, KV, D), filled(batch, T, KV, D)]
    const [starts, firsts] = [tensor(new Int32Array(batch)), tensor(new Int32Array(batch * T), { shape: [batch, T] })]
    const like = (...states: State[]) => states.map(({ shape }) => new State({ shape }))
    const forwardCells = like(q, delta)
    const backwardCells = like(q, k, v)
    const [y, lse] = forwardCells as [State, State]
    const assign = (cells: readonly State[], results: readonly Tensor[]): void =>
      cells.forEach((cell, i) => {
        cell.assign(results[i] as Tensor)
      })
    const scale = { scale: D ** -0.5 }
    const work = 4 * batch * H * D * ((T * (T + 1)) / 2)
    const products = Math.min(8, Math.max(1, Math.round(work / (2 * SIDE ** 3))))
    const [a, b] = [filled(SIDE, SIDE), filled(SIDE, SIDE)]
    const productCells = Array.from({ length: products }, () => new State({ shape: [SIDE, SIDE] }))
    await realize(...[q, k, v, dy, delta, a, b].map((state) => state.value))
    const runs = {
      forward: timed(
        () =>
          assign(
            forwardCells,
            causalAttentionForward(q.value, k.value, v.value, starts, firsts, scale) as readonly Tensor[],
          ),
        y,
      ),
      backward: timed(
        () =>
          assign(
            backwardCells,
            causalAttentionBackward(
              ...([q.value, k.value, v.value, lse.value, delta.value, dy.value, starts, firsts] as const),
              scale,
            ) as readonly Tensor[],
          ),
        backwardCells[0] as State,
      ),
      product: timed(() => {
        for (const cell of productCells) cell.assign(matmul(a, b))
      }, productCells[0] as State),
    }
    const times: Record<keyof typeof runs, number[]> = { forward: [], backward: [], product: [] }
    for (let round = -2; round < (options.rounds ?? 9); round++) {
      for (const of of ['forward', 'backward', 'product'] as const) {
        const ms = await runs[of]()
        if (round >= 0) times[of].push(ms)
      }
    }
    const rate = (of: keyof typeof runs, flops: number): number => flops / median(times[of]) / 1e6
    const gemm = rate('product', products * 2 * SIDE ** 3)
    // Backward: five products a pair of blocks, where forward has two.
    for (const [pass, flops] of [
      ['forward', work],
      ['backward', 2.5 * work],
    ] as const) {
      report.row('Causal attention', {
        case: name,
        pass,
        threads,
        ms: Number(median(times[pass]).toFixed(3)),
        gflops: Number(rate(pass, flops).toFixed(1)),
        gemm: Number(gemm.toFixed(1)),
        share: Number((rate(pass, flops) / gemm).toFixed(3)),
      })
    }
  }
  await device.close()
}
report.finish()
