// Square float32 products by another library, as users call it: `node gemm.mjs <tfjs | ort | jax> <threads>` answers each
// line { gemm: size } on stdin with { gflops }, the median of several products, each waited for.
import { Blob } from 'node:buffer'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { Worker as NodeWorker } from 'node:worker_threads'

const [peer, threadsText] = process.argv.slice(2)
const threads = Number(threadsText)
const require = createRequire(import.meta.url)
const values = (size) => Float32Array.from({ length: size * size }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.5)

/** Each gives, for a size, a function that makes one product and waits until it is there, and the threads it really uses. */
const PEERS = {
  async tfjs() {
    const tf = require('@tensorflow/tfjs-core')
    const wasm = require('@tensorflow/tfjs-backend-wasm')
    wasm.setThreadsCount(threads)
    await tf.setBackend('wasm')
    await tf.ready()
    return {
      version: tf.version_core,
      threads: wasm.getThreadsCount(),
      product: async (size) => {
        const [a, b] = [0, 1].map(() => tf.tensor2d(values(size), [size, size]))
        return async () => {
          const c = tf.matMul(a, b)
          const [first] = await tf.slice(c, [0, 0], [1, 1]).data()
          c.dispose()
          return first
        }
      },
    }
  },
  async ort() {
    const ort = await import('onnxruntime-web')
    ort.env.wasm.numThreads = threads
    return {
      version: ort.env.versions.web ?? ort.env.versions.common,
      threads: ort.env.wasm.numThreads,
      product: async (size) => {
        const session = await ort.InferenceSession.create(matmulModel(size), { executionProviders: ['wasm'] })
        const [a, b] = [0, 1].map(() => new ort.Tensor('float32', values(size), [size, size]))
        return async () => (await session.run({ a, b })).c.data[0]
      },
    }
  },
  async jax() {
    // It has threads where the global Worker is, which Node lacks.
    if (threads > 1) giveWorkers(threads)
    const jax = await import('@jax-js/jax')
    await jax.init('wasm')
    jax.defaultDevice('wasm')
    const { numpy: np } = jax
    return {
      version: require(`${dirname(require.resolve('@jax-js/jax'))}/../package.json`).version,
      threads,
      product: async (size) => {
        const [a, b] = [0, 1].map(() => np.array(values(size)).reshape([size, size]))
        return async () => (await np.matmul(a.ref, b.ref).data())[0]
      },
    }
  },
}

/** A web worker over Node's, as far as @jax-js/jax uses one; it asks navigator how many to start. */
function giveWorkers(count) {
  Object.defineProperty(globalThis, 'navigator', { value: { hardwareConcurrency: count }, configurable: true })
  const sources = new Map()
  const createObjectURL = URL.createObjectURL
  URL.createObjectURL = (blob) => {
    const url = createObjectURL(blob)
    sources.set(url, blob instanceof Blob ? blob.text() : '')
    return url
  }
  globalThis.Worker = class {
    #worker
    constructor(url) {
      const head = `const { parentPort } = require('node:worker_threads')
        globalThis.self = globalThis
        globalThis.postMessage = (data) => parentPort.postMessage(data)
        parentPort.on('message', (data) => self.onmessage({ data }))\n`
      this.#worker = sources.get(url).then((source) => {
        const worker = new NodeWorker(head + source, { eval: true })
        worker.on('message', (data) => this.onmessage({ data }))
        worker.on('error', (error) => this.onerror(error))
        return worker
      })
    }
    postMessage(data) {
      this.#worker.then((worker) => worker.postMessage(data))
    }
  }
}

/** An ONNX model of one MatMul, by hand: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
function matmulModel(size) {
  const varint = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)])
  const number = (field, value) => [...varint(field << 3), ...varint(value)]
  const bytes = (field, content) => [...varint((field << 3) | 2), ...varint(content.length), ...content]
  const text = (field, value) => bytes(field, [...Buffer.from(value)])
  const shape = [...bytes(1, number(1, size)), ...bytes(1, number(1, size))]
  const value = (name) => [...text(1, name), ...bytes(2, bytes(1, [...number(1, 1), ...bytes(2, shape)]))]
  const node = [...text(1, 'a'), ...text(1, 'b'), ...text(2, 'c'), ...text(4, 'MatMul')]
  const graph = [
    ...bytes(1, node),
    ...text(2, 'matmul'),
    ...bytes(11, value('a')),
    ...bytes(11, value('b')),
    ...bytes(12, value('c')),
  ]
  return Uint8Array.from([...number(1, 8), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...number(2, 13)])])
}

const { version, threads: used, product } = await PEERS[peer]()
console.log(JSON.stringify({ version, threads: used }))
const ready = new Map()
for await (const line of createInterface({ input: process.stdin })) {
  const { gemm: size } = JSON.parse(line)
  if (!ready.has(size)) {
    // One size at a time: what the one before held is let go.
    ready.clear()
    ready.set(size, await warmedUp(size))
  }
  const milliseconds = await repeated(80, ready.get(size))
  console.log(JSON.stringify({ gflops: (2 * size ** 3) / milliseconds / 1e6 }))
}
process.exit(0)

async function warmedUp(size) {
  const run = await product(size)
  const [got, wanted] = [await run(), expected(size)]
  if (Math.abs(got - wanted) > 1e-2) throw new Error(`${peer} gave ${got} where ${wanted} was expected`)
  // Long enough for the engine's optimising compiler to have come.
  await repeated(1000, run)
  return run
}

async function repeated(total, run) {
  const times = []
  const until = performance.now() + total
  while (times.length < 3 || performance.now() < until) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return times.sort((x, y) => x - y)[times.length >> 1]
}

function expected(size) {
  const v = values(size)
  let sum = 0
  for (let k = 0; k < size; k++) sum += v[k] * v[k * size]
  return sum
}
