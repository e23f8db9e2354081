import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { cpuDevice, setDefaultDevice } from '@almanac/tensor-core'
import { bundleScript, seededRandom } from '@almanac/test-kit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  CheckpointError,
  fileStorage,
  type NonFiniteLossError,
  openCheckpoint,
  type TokenBatch,
  type TrainOptions,
  tokenBatches,
  train,
} from '../src/index.js'
import { tinySetup, tinyText } from './tiny-language-model.js'

const NAME = 'checkpoint.safetensors'
let folder: string
beforeEach(() => {
  setDefaultDevice(cpuDevice())
  folder = mkdtempSync(join(tmpdir(), 'almanac-checkpoints-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const settings = (steps: number): TrainOptions<TokenBatch> => ({
  ...tinySetup(),
  batches: tokenBatches(tinyText, { batchSize: 2, contextLength: 8, seed: 3 }),
  steps,
})
const trainTiny = async (steps: number, extra: Partial<TrainOptions<TokenBatch>> = {}) =>
  train({ ...settings(steps), checkpoint: { storage: await fileStorage(folder), every: 2 }, ...extra })

it('keeps the previous checkpoint when the disk is full, and says what to do', async () => {
  await trainTiny(2)
  const storage = await fileStorage(folder)
  // The kernel's own full disk: whatever is written to this device fails with ENOSPC.
  symlinkSync('/dev/full', join(folder, `${NAME}.tmp-${process.pid}`))
  const error = await train({ ...settings(4), checkpoint: { storage, every: 2 } }).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(CheckpointError)
  expect((error as CheckpointError).message).toBe(
    `${join(folder, NAME)}: expected room for a checkpoint, got ENOSPC (no space left on device). ` +
      'Free some space and start again; the previous checkpoint, if there was one, is whole.',
  )
  expect(readdirSync(folder)).toEqual([NAME])
  const resumed = await trainTiny(4)
  expect(resumed.resumedFrom).toBe(2)
  expect([...resumed.losses]).toEqual([...(await train(settings(4))).losses])
})

it('keeps the last good checkpoint in its folder when the loss is not finite', async () => {
  const good = tokenBatches(tinyText, { batchSize: 2, contextLength: 8, seed: 3 })
  const setup = tinySetup()
  // A learning rate that no model survives.
  const schedule = (step: number) => (step < 3 ? 1e-2 : 1e38)
  const error = (await trainTiny(20, { ...setup, batches: good, schedule }).catch(
    (e: unknown) => e,
  )) as NonFiniteLossError
  expect(error.message).toMatch(
    /^train, step \d+: expected a finite (loss|gradient norm), got (NaN|Infinity)\. The checkpoint of step \d+ is whole/,
  )
  const found = await openCheckpoint(await fileStorage(folder), NAME)
  const values = await (found as NonNullable<typeof found>).modelState()
  await found?.close()
  for (const [name, value] of values) {
    if (value.dtype === 'float32') expect((await value.data()).every(Number.isFinite), name).toBe(true)
  }
})

it('leaves a whole checkpoint whenever it is killed', async () => {
  const script = await bundleScript(
    resolve(import.meta.dirname, '..'),
    resolve(import.meta.dirname, 'checkpoint-writer.ts'),
  )
  const random = seededRandom(11)
  let last = 0
  let interrupted = 0
  for (let round = 0; round < 20; round++) {
    const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 20_000 })
    let reported = 0
    await new Promise<void>((done) => {
      child.stdout.on('data', (text: Buffer) => {
        const first = reported === 0
        reported = Number(text.toString().trim().split('\n').at(-1))
        // At least one checkpoint is there; the kill falls anywhere into one of the next.
        if (first) setTimeout(() => child.kill('SIGKILL'), random.next() * 25)
      })
      child.on('close', () => done())
    })
    interrupted += readdirSync(folder).some((name) => name.includes('.tmp-')) ? 1 : 0
    const found = await openCheckpoint(await fileStorage(folder), NAME)
    if (!found) throw new Error('no checkpoint')
    last = found.step
    expect(last).toBeGreaterThanOrEqual(reported)
    expect([...found.losses]).toEqual(new Array(last).fill(last))
    await found.close()
    expect(readdirSync(folder), 'what was half-written is removed').toEqual([NAME])
  }
  console.log(`killed 20 times, ${interrupted} of them while a file was being written`)
  expect(interrupted).toBeGreaterThan(0)
})
