// Attention on the wasm backend: causal, forward and backward, in GFLOP/s of the causal half, beside square matrix products of about
// the same work (eight of them at most); and one query over a cache, in GB/s of the keys and values that it reads, beside
// adding up as much memory. Measured in turns on the same device, and with --peers beside PyTorch.
import {
  type AttentionExtents,
  batchExtents,
  denseExtents,
  type FlashAttributes,
  flashAttention,
  flashAttentionBackward,
  flashAttentionForward,
} from '@almanac/attention'
import {
  compile,
  key,
  matmul,
  normal,
  realize,
  type ScalarDType,
  State,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
} from '@almanac/tensor-core'
import { median } from './measured/median.js'
import { PeerError } from './shared/bench-error.js'
import { benchOptions } from './shared/bench-options.js'
import { PYTORCH_SETUPS, startPyTorch } from './shared/pytorch-peer.js'
import { startReport } from './shared/report.js'
import { roundTo } from './shared/round-to.js'

const [BATCH, HEADS] = [4, 8]
const SHAPES = [64, 32].flatMap((D) =>
  [128, 256, 512, 1024, 2048, 4096].map((T) => ({ batch: BATCH, T, H: HEADS, KV: HEADS, D })),
)
const CAUSAL = [
  ...SHAPES,
  // Grouped queries: with fewer than eight kv heads in all, the backward pass computes its weights twice.
  { batch: BATCH, T: 1024, H: HEADS, KV: 2, D: 64 },
  { batch: 1, T: 1024, H: HEADS, KV: 2, D: 64 },
]

interface Decoding {
  readonly name: string
  readonly keys: number
  readonly H: number
  readonly KV: number
  readonly D: number
  /** Values are the first so many channels of the keys. */
  readonly latent?: number
  readonly blockSize?: number
  readonly dtype?: ScalarDType
}
const KEYS = 4096
const DECODING: readonly Decoding[] = [
  { name: 'a row of keys', keys: KEYS, H: 8, KV: 8, D: 64 },
  { name: 'blocks of 16', keys: KEYS, H: 8, KV: 8, D: 64, blockSize: 16 },
  { name: 'grouped queries', keys: KEYS, H: 8, KV: 2, D: 64 },
  { name: 'bfloat16', keys: KEYS, H: 8, KV: 8, D: 64, dtype: 'bfloat16' },
  { name: 'float16', keys: KEYS, H: 8, KV: 8, D: 64, dtype: 'float16' },
  { name: 'int8 with scales', keys: KEYS, H: 8, KV: 8, D: 64, dtype: 'int8' },
  { name: 'latents', keys: KEYS, H: 16, KV: 1, D: 576, latent: 512 },
]
/** Layers of caches that are read in turn, so that none of them is still in a cache of the processor: of so many MiB in all. */
const CACHE_MIB = 256
/** Side of the matrix products. */
const SIDE = 512

const options = benchOptions()
const report = startReport('attention', { ...options, dry: options.dry || options.only !== '' })
const wanted = (name: string): boolean => name.includes(options.only)

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

/** Milliseconds of each, taken in turns. */
async function inTurns<Name extends string>(
  runs: Record<Name, () => Promise<number>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(runs) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = -2; round < (options.rounds ?? 9); round++) {
    for (const name of names) {
      const ms = await runs[name]()
      if (round >= 0) times[name].push(ms)
    }
  }
  return times
}

let seed = 0
const filled = (...shape: number[]) => new State(normal(key(++seed), shape))

interface Peer {
  readonly name: string
  ask(request: object): Promise<Record<string, number>>
  close(): Promise<void>
}

/** The fastest of the ways in which PyTorch is set up. */
async function peers(threads: number): Promise<Peer[]> {
  if (!options.peers) return []
  const setup = PYTORCH_SETUPS.at(-1)
  if (!setup) return []
  try {
    const process = await startPyTorch(setup, threads)
    report.version(setup.name, `${process.hello['version']}, OpenBLAS kernel ${process.hello['core']}`)
    const ask = async (request: object) => (await process.ask(request)) as Record<string, number>
    return [{ name: setup.name, ask, close: () => process.close() }]
  } catch (error) {
    if (!(error instanceof PeerError)) throw error
    report.note(error.message)
    return []
  }
}

/** Runs with a device of its own, which takes all memory with it when it is closed. */
async function onDevice(threads: number, run: () => Promise<void>): Promise<void> {
  const device = wasmDevice({ threads })
  setDefaultDevice(device)
  await run()
  await device.close()
}

async function causal(threads: number, others: readonly Peer[]): Promise<void> {
  for (const { batch, T, H, KV, D } of CAUSAL) {
    const name = `B ${batch} T ${T} H ${H} KV ${KV} D ${D}`
    if (!wanted(name)) continue
    await onDevice(threads, async () => {
      const N = batch * T
      const [q, dy, delta] = [filled(N, H, D), filled(N, H, D), filled(N, H)]
      const [k, v] = [filled(N, KV, D), filled(N, KV, D)]
      const { sequences, ranges, blockSize, layout } = denseExtents({ batch, time: T })
      const like = (...states: State[]) => states.map(({ shape }) => new State({ shape }))
      const forwardCells = like(q, delta)
      const backwardCells = like(q, k, v)
      const [y, lse] = forwardCells as [State, State]
      const assign = (cells: readonly State[], results: readonly Tensor[]): void =>
        cells.forEach((cell, i) => {
          cell.assign(results[i] as Tensor)
        })
      const attributes: FlashAttributes = {
        ...{ scale: D ** -0.5, softcap: 0, sinks: 0, blockSize, layout, valueChannels: D },
      }
      const work = 4 * batch * H * D * ((T * (T + 1)) / 2)
      const products = Math.min(8, Math.max(1, Math.round(work / (2 * SIDE ** 3))))
      const [a, b] = [filled(SIDE, SIDE), filled(SIDE, SIDE)]
      const productCells = Array.from({ length: products }, () => new State({ shape: [SIDE, SIDE] }))
      await realize(...[q, k, v, dy, delta, a, b].map((state) => state.value))
      const inputs = () => [q.value, k.value, v.value] as const
      const shape = { batch, T, heads: H, kvHeads: KV, D }
      const askPeer = async (peer: Peer, of: 'forward' | 'backward') =>
        1e3 * (await peer.ask({ attention: shape }))[of]!
      const times = await inTurns<string>({
        forward: timed(
          () => assign(forwardCells, flashAttentionForward(...inputs(), sequences, ranges, attributes)),
          y,
        ),
        backward: timed(
          () =>
            assign(
              backwardCells,
              flashAttentionBackward(...inputs(), lse.value, delta.value, dy.value, sequences, ranges, attributes),
            ),
          backwardCells[0] as State,
        ),
        product: timed(() => {
          for (const cell of productCells) cell.assign(matmul(a, b))
        }, productCells[0] as State),
        ...Object.fromEntries(
          others.flatMap((peer) =>
            (['forward', 'backward'] as const).map((of) => [`${peer.name} ${of}`, () => askPeer(peer, of)]),
          ),
        ),
      })
      const rate = (of: string, flops: number): number => flops / median(times[of] as number[]) / 1e6
      const gemm = rate('product', products * 2 * SIDE ** 3)
      // Backward: five products a pair of blocks, where forward has two.
      for (const [pass, flops] of [
        ['forward', work],
        ['backward', 2.5 * work],
      ] as const) {
        for (const system of ['almanac', ...others.map((peer) => peer.name)]) {
          const own = system === 'almanac' ? pass : `${system} ${pass}`
          report.row('Causal attention', {
            ...{ case: name, system, pass, threads },
            ms: roundTo(median(times[own] as number[]), 3),
            gflops: roundTo(rate(own, flops), 1),
            ...(system === 'almanac' ? { gemm: roundTo(gemm, 1), share: roundTo(rate(pass, flops) / gemm, 3) } : {}),
          })
        }
      }
    })
  }
}

/** One query over a cache, and over as many caches in turn as make it certain that memory is read. */
async function decoding(threads: number, others: readonly Peer[]): Promise<void> {
  for (const { name, keys, H, KV, D, latent, blockSize, dtype = 'float32' } of DECODING) {
    if (!wanted(`decoding ${name}`)) continue
    await onDevice(threads, async () => {
      const bytesOf = { float32: 4, float16: 2, bfloat16: 2, int8: 1 }[dtype as 'float32']
      const bytes = keys * KV * ((latent ? 1 : 2) * D * bytesOf + (dtype === 'int8' ? 8 : 0))
      const layers = Math.max(2, Math.ceil((CACHE_MIB * 2 ** 20) / bytes))
      const cell = (channels: number) => {
        const values = normal(key(++seed), [keys, KV, channels])
        return new State(dtype === 'int8' ? values.mul(40).cast('int8') : values.cast(dtype))
      }
      const caches: { k: State; v: State; scales: State | null; memory: State }[] = []
      for (let i = 0; i < layers; i++) {
        const k = cell(D)
        const cache = { k, v: latent ? k : cell(D), scales: dtype === 'int8' ? filled(keys, KV, 2) : null }
        const memory = filled(Math.floor(bytes / 4))
        caches.push({ ...cache, memory })
        // One after the other: not all memory of a virtual machine is equally fast, and both should have of all.
        await realize(...[k, cache.v, cache.scales ?? k, memory].map((state) => state.value))
      }
      const q = filled(1, H, D)
      const positions = tensor(Int32Array.of(keys - 1))
      const blocks = blockSize && Int32Array.from({ length: keys / blockSize }, (_, i) => (i * 97) % (keys / blockSize))
      const extents: AttentionExtents = blocks
        ? batchExtents(
            {
              positions,
              cuSeqlens: tensor(Int32Array.of(0, 1)),
              kvLengths: tensor(Int32Array.of(keys)),
              blockTables: tensor(blocks, { shape: [1, blocks.length] }),
            },
            { places: keys, blockSize: blockSize as number },
          )
        : denseExtents({ batch: 1, time: 1, keys, starts: keys - 1 })
      const y = new State({ shape: [1, H, latent ?? D] })
      const sum = new State({ shape: [] })
      y.assign(0)
      sum.assign(0)
      await realize(q.value, y.value, sum.value)
      const times = await inTurns<string>({
        ours: timed(() => {
          for (const { k, v, scales } of caches) {
            const scaled = scales ? { scales: scales.value } : {}
            const { y: result } = flashAttention(q.value.add(y.value.sum().mul(0)), k.value, v.value, extents, {
              ...scaled,
              ...(latent ? { valueChannels: latent } : {}),
            })
            y.assign(result)
          }
        }, y),
        read: timed(() => {
          for (const { memory } of caches) sum.assign(sum.value.add(memory.value.sum()))
        }, sum),
        ...Object.fromEntries(
          others.map((peer) => [
            peer.name,
            async () => {
              const shape = { keys, heads: H, kvHeads: KV, D }
              return 1e3 * layers * ((await peer.ask({ decoding: shape }))['seconds'] as number)
            },
          ]),
        ),
      })
      const rate = (of: string): number => (layers * bytes) / median(times[of] as number[]) / 1e6
      const read = rate('read')
      for (const system of ['ours', ...others.map((peer) => peer.name)]) {
        // PyTorch has float32 alone here, and no latents.
        if (system !== 'ours' && (dtype !== 'float32' || latent || blockSize)) continue
        report.row('One query over 4,096 keys', {
          ...{ case: name, system: system === 'ours' ? 'almanac' : system, heads: H, kvHeads: KV, D, threads },
          microseconds: roundTo((1e3 * median(times[system] as number[])) / layers, 0),
          gigabytesPerSecond: roundTo(rate(system), 1),
          ...(system === 'ours'
            ? { readGigabytesPerSecond: roundTo(read, 1), shareOfBandwidth: roundTo(rate(system) / read, 3) }
            : {}),
        })
      }
    })
  }
}

for (const threads of options.threads ?? [1, 2]) {
  const others = await peers(threads)
  await causal(threads, others)
  await decoding(threads, others)
  for (const peer of others) await peer.close()
}
report.finish()
