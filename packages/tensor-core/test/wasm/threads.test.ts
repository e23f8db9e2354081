import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'
import { afterAll, describe, expect, it } from 'vitest'
import type { Backend, BufferHandle } from '../../src/backends/backend.js'
import { createWasmBackend } from '../../src/backends/wasm/create-wasm-backend.js'
import { type SpawnWorker, type WorkerHandle, workerSpawner } from '../../src/backends/wasm/spawn-worker.js'
import { workerSource } from '../../src/backends/wasm/worker-source.js'
import { BackendError } from '../../src/errors.js'
import type { FusedDefinition } from '../../src/fused/fused-definition.js'
import * as v from '../../src/kernel/expressions.js'
import type { KernelBuilder } from '../../src/kernel/kernel-builder.js'
import type { BufferRef } from '../../src/kernel/value.js'
import type { Program } from '../../src/schedule/program.js'
import { contiguousView } from '../../src/view.js'
import { programOf } from './program-builder.js'

/** A two-thread backend whose worker the test can reach. */
async function openWithHandle(): Promise<{ backend: Backend; worker: WorkerHandle }> {
  let worker: WorkerHandle | null = null
  const real = workerSpawner()
  const spawnWorker: SpawnWorker = async (events) => {
    worker = await real(events)
    return worker
  }
  const backend = await createWasmBackend({ threads: 2 }, { spawn: spawnWorker })
  return { backend, worker: worker as unknown as WorkerHandle }
}

/** A program of one op of two units. `before` is what every worker does before it takes some. */
function twoUnits(before: (k: KernelBuilder, x: BufferRef, y: BufferRef) => void): Program {
  const definition: FusedDefinition = {
    name: 'twoUnits',
    fallback: ([x]) => x as never,
    kernels: {
      wasm: async () => ({
        default: {
          params: () => [2],
          build(k) {
            const x = k.buffer('x', 'int32', 'read')
            const y = k.buffer('y', 'int32', 'readwrite')
            const count = k.param('count')
            before(k, x, y)
            k.parallel(count, (unit) => k.store(y, unit, k.load(x, unit)))
          },
        },
      }),
    },
  }
  const operand = (slot: number) => ({ slot, dtype: 'int32' as const, view: contiguousView([SIZE]) })
  return programOf(
    [0, 1].map(() => ({ dtype: 'int32', size: SIZE, bound: true })),
    [
      {
        kind: 'fused',
        label: 'model.layer',
        definition,
        attributes: null,
        inputs: [operand(0)],
        outputs: [operand(1)],
      },
    ],
  )
}

const SIZE = 10_000
const copies = twoUnits(() => {})
/** One of the workers writes far outside the memory. */
const traps = (worker: number): Program =>
  twoUnits((k, _, y) => k.if(v.eq(v.worker(), worker), () => k.store(y, v.i32(2 ** 29), v.i32(1))))
/** Worker 1 never comes to its units. */
const hangs = twoUnits((k, x) =>
  k.if(v.eq(v.worker(), 1), () =>
    k.while(
      () => v.eq(k.load(x, 0), 0),
      () => {},
    ),
  ),
)

async function loadWithBuffers(backend: Backend, program: Program): Promise<() => Promise<void>> {
  const buffers = [backend.alloc(4 * SIZE), backend.alloc(4 * SIZE)]
  backend.write(buffers[0] as BufferHandle, new Uint8Array(4 * SIZE))
  const executable = await backend.load(program)
  return () => backend.run(executable, buffers)
}

const within = <T>(ms: number, promise: Promise<T>): Promise<T> =>
  Promise.race([
    promise,
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`nothing in ${ms} ms`)), ms)),
  ])

const HINT = 'Close the backend and open a new one; what it held is lost.'

describe('a worker that dies', () => {
  it('fails the run in progress and every later one, and the event loop never stands still', async () => {
    const { backend, worker } = await openWithHandle()
    const run = await loadWithBuffers(backend, hangs)
    let ticks = 0
    const clock = setInterval(() => ticks++, 5)
    setTimeout(() => worker.terminate(), 100)
    const message = `wasm: worker 1: expected a worker that stays alive, got exit code 1. ${HINT}`
    await expect(within(5000, run())).rejects.toThrow(message)
    clearInterval(clock)
    // How many there are is the machine's business; without events there would be none, and no end of the worker either.
    expect(ticks).toBeGreaterThan(0)
    await expect(run()).rejects.toThrow(BackendError)
    await expect(backend.load(traps(0))).rejects.toThrow(message)
    await backend.close()
  })

  it('fails the next run if it died between two, even when that comes at once', async () => {
    const { backend, worker } = await openWithHandle()
    const run = await loadWithBuffers(backend, copies)
    await run()
    const gone = worker.terminate()
    await expect(within(5000, run())).rejects.toThrow('expected a worker that stays alive')
    await gone
    await expect(within(5000, run())).rejects.toThrow(BackendError)
    await backend.close()
  })

  it('names the launch and the reason when a kernel traps in a worker', async () => {
    const { backend } = await openWithHandle()
    const run = await loadWithBuffers(backend, traps(1))
    await expect(within(5000, run())).rejects.toThrow(
      `wasm: model.layer: expected a kernel that ends, got RuntimeError: memory access out of bounds in worker 1. ${HINT}`,
    )
    await expect(run()).rejects.toThrow(BackendError)
    await backend.close()
  })

  it('names them when it traps on the main thread, with one thread and with two', async () => {
    for (const threads of [1, 2]) {
      const backend = await createWasmBackend({ threads })
      const run = await loadWithBuffers(backend, traps(0))
      await expect(within(5000, run())).rejects.toThrow(
        'wasm: model.layer: expected a kernel that ends, got RuntimeError: memory access out of bounds.',
      )
      await backend.close()
    }
  })

  it('fails opening the backend if it dies before it has said it is there', async () => {
    const real = workerSpawner()
    const dies: SpawnWorker = async (events) => {
      const worker = await real(events)
      worker.terminate()
      return worker
    }
    await expect(within(5000, createWasmBackend({ threads: 2 }, { spawn: dies }))).rejects.toThrow(BackendError)
  })
})

describe('the process', () => {
  it.each([
    ['ends by itself while workers sleep', 'await run(); console.log("done")', 0],
    ['ends by itself while workers spin', 'for (let i = 0; i < 1000; i++) await run(); console.log("done")', 0],
    ['waits for a run in progress', 'run().then(() => console.log("done"))', 0],
    ['waits for a load in progress', 'backend.load(program).then(() => console.log("done"))', 0],
    [
      'goes down with an error that nobody catches',
      'await run(); console.log("done"); throw new Error("on purpose")',
      1,
    ],
    ['closes the backend', 'await run(); await backend.close(); console.log("done")', 0],
  ])('%s', async (_, work, code) => {
    const folder = await bundled
    const file = join(folder, `${Math.random().toString(36).slice(2)}.mjs`)
    writeFileSync(
      file,
      `import { wasm, program } from './entry.js'
const backend = await wasm({ threads: 3 })
const executable = await backend.load(program)
const buffers = [backend.alloc(400000), backend.alloc(400000)]
const run = () => backend.run(executable, buffers)
${work}
`,
    )
    const child = spawn(process.execPath, [file])
    let output = ''
    child.stdout.on('data', (data) => {
      output += data
    })
    const exit = await within(20_000, new Promise((resolve) => child.on('exit', resolve))).finally(() => child.kill())
    expect(output).toBe('done\n')
    expect(exit).toBe(code)
  })

  it('runs workers from a file, too', async () => {
    const file = join(await bundled, 'worker.cjs')
    writeFileSync(file, workerSource)
    const backend = await createWasmBackend({ threads: 2, workerUrl: pathToFileURL(file).href })
    await (await loadWithBuffers(backend, copies))()
    await backend.close()
  })
})

/** The backend and a small program, built for a plain Node process. */
const bundled = (async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasm-threads-'))
  const entry = join(import.meta.dirname, 'child-entry.ts')
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: entry,
      outDir: folder,
      rollupOptions: { output: { entryFileNames: 'entry.js' } },
      emptyOutDir: false,
    },
  })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  return folder
})()

afterAll(async () => rmSync(await bundled, { recursive: true, force: true }))
