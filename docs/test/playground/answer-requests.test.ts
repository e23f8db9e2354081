import {
  BackendError,
  cpuDevice,
  Device,
  DeviceLostError,
  type FoundBackend,
  MemoryLimitError,
  setDefaultDevice,
  wasmDevice,
} from '@almanac/tensor-core'
import { NonFiniteLossError } from '@almanac/training'
import { afterAll, expect, test } from 'vitest'
import { answerRequests } from '../../src/playground/answer-requests.js'
import { explainFailure } from '../../src/playground/explain-failure.js'
import { parameterCount } from '../../src/playground/llama-shape.js'
import { type Report, readReport } from '../../src/playground/protocol.js'
import { SONNETS } from '../../src/playground/sonnets.js'
import { LIMITS, PRESETS, presetOf, type TrainingSettings } from '../../src/playground/training-settings.js'

const wasm = wasmDevice({ threads: 1 })
const broken = new Device('webgpu', () => Promise.reject(new BackendError('webgpu', 'a GPU device', 'a lost one')))
afterAll(() => wasm.close())

const backend = (name: FoundBackend['name'], device: Device | null): FoundBackend => ({
  name,
  works: device !== null,
  detail: device ? 'here' : 'not here',
  device,
})

const settings: TrainingSettings = {
  backend: 'wasm',
  width: 32,
  layers: 1,
  context: 32,
  batch: 4,
  steps: 12,
  learningRate: 0.01,
}
const sample = { prompt: 'Thou art ', temperature: 0.8 }

/** A worker's side whose reports are kept, each read as the page reads it. */
function worker(
  found: readonly FoundBackend[] = [backend('wasm', wasm)],
  onReport: (report: Report) => void = () => {},
) {
  const reports: Report[] = []
  const ask = answerRequests({
    find: async () => found,
    report: (report) => {
      reports.push(readReport(structuredClone(report)))
      onReport(report)
    },
  })
  const only = <T extends Report['type']>(type: T) =>
    reports.filter((report): report is Extract<Report, { type: T }> => report.type === type)
  return { ask, reports, only }
}

const train = (more: Partial<TrainingSettings> = {}, text = SONNETS) => ({
  type: 'train',
  text,
  settings: { ...settings, ...more },
  sample,
})

test('a run reports the model, every loss, held-out losses, memory and a sample longer than the context', async () => {
  const { ask, only, reports } = worker()
  await ask({ type: 'find' })
  expect(reports).toEqual([{ type: 'backends', backends: [{ name: 'wasm', works: true, detail: 'here' }] }])
  await ask(train())
  expect(only('started')).toEqual([
    { type: 'started', parameters: parameterCount(settings), trainingBytes: 13329, heldOutBytes: 1481 },
  ])
  const losses = only('progress').flatMap((report) => report.losses)
  expect(losses).toHaveLength(12)
  expect(losses[0]).toBeCloseTo(Math.log(256), 1)
  expect(losses[11]).toBeLessThan((losses[0] as number) - 0.2)
  expect(only('held-out').map(({ step }) => step)).toEqual([10, 12])
  expect(only('memory').at(-1)?.liveBytes).toBeGreaterThan(4 * parameterCount(settings))
  const last = only('sample').at(-1)
  expect(last).toMatchObject({ step: 12, prompt: 'Thou art ', finished: true })
  expect(last?.text.length).toBeGreaterThanOrEqual(200)
  expect(reports.at(-1)).toEqual({ type: 'done', step: 12, stopped: false })

  await ask({ type: 'sample', sample: { prompt: 'Ah', temperature: 0 } })
  expect(reports.at(-1)).toMatchObject({ type: 'sample', prompt: 'Ah', finished: true })
  await ask({ type: 'sample', sample: { prompt: '', temperature: 1 } })
  expect(reports.at(-1)).toMatchObject({ type: 'sample', prompt: '', finished: true })
})

test('a stop ends the run after the update that runs; a sample may be asked for meanwhile', async () => {
  let written: Promise<void> | null = null
  const { ask, only } = worker([backend('wasm', wasm)], (report) => {
    if (report.type !== 'progress' || written) return
    written = ask({ type: 'sample', sample: { prompt: 'But ', temperature: 0 } }).then(() => ask({ type: 'stop' }))
  })
  await ask(train({ steps: 5000 }))
  await written
  const [done] = only('done')
  expect(done?.stopped).toBe(true)
  expect(done?.step).toBeLessThan(5000)
  expect(only('sample').filter(({ prompt, finished }) => prompt === 'But ' && finished).length).toBeGreaterThan(0)
  expect(only('failed')).toEqual([])
})

test('what cannot be done is said in words', async () => {
  const failures = async (message: unknown, found?: readonly FoundBackend[]) => {
    const { ask, only } = worker(found)
    await ask(message)
    return only('failed').map(({ what, todo }) => `${what} | ${todo}`)
  }
  expect(await failures(train({}, 'To be'))).toEqual([
    'text: expected at least 331 bytes for a context of 32 (a tenth of the text is held out), got 5. ' +
      'Paste more text or choose a shorter context. | ',
  ])
  expect(await failures(train({ backend: 'webgpu' }), [backend('webgpu', null)])).toEqual([
    'backend: expected one that works here, got webgpu: not here. Choose another. | ',
  ])
  expect(await failures(train({ backend: 'webgpu' }), [backend('webgpu', broken)])).toEqual([
    'The backend failed. webgpu: expected a GPU device, got a lost one. | ' +
      'Start again: a run begins on a fresh device. If that fails too, choose another backend.',
  ])
  expect(await failures({ type: 'sample', sample })).toEqual([
    'sample: expected a model, got none yet. Start training first. | ',
  ])
  expect(await failures('nonsense')).toEqual([
    'request: expected a message of type find, train, stop, sample, got undefined. ' +
      'Reload the page: its parts may be of two versions. | ',
  ])
})

test('a plan that does not fit in memory is said, with what to do', async () => {
  const small = wasmDevice({ threads: 1, memoryMaximumBytes: 1 << 20 })
  const { ask, only } = worker([backend('wasm', small)])
  try {
    await ask(train({ width: 64, batch: 64, context: 64 }))
    expect(only('failed')).toHaveLength(1)
    expect(only('failed')[0]?.what).toMatch(/^There is not enough memory\. .*expected at most \d+ bytes/)
    expect(only('failed')[0]?.todo).toMatch(/^Choose a smaller model, a shorter context/)
  } finally {
    setDefaultDevice(cpuDevice())
    await small.close()
  }
})

test('errors of every kind become words', () => {
  const todo = (error: unknown) => explainFailure(error).todo
  expect(todo(new MemoryLimitError('wasm.load', 'at most 1 byte', '2 bytes'))).toMatch(/^Choose a smaller model/)
  expect(todo(new RangeError('WebAssembly.Memory(): could not allocate memory'))).toMatch(/^Choose a smaller model/)
  expect(explainFailure(new NonFiniteLossError(7, 'loss', Number.NaN, null))).toEqual({
    what: 'Training went astray: the loss of step 7 was NaN.',
    todo: 'Choose a lower learning rate, then start again.',
  })
  expect(explainFailure(new DeviceLostError('webgpu', 'a live device', 'a lost one')).what).toBe(
    'The GPU went away, and the model with it. webgpu: expected a live device, got a lost one.',
  )
  expect(explainFailure(new TypeError('x is not a function')).what).toBe(
    'Something failed that should not: x is not a function',
  )
})

test('presets keep to the limits', () => {
  for (const preset of PRESETS) {
    expect(LIMITS.width.choices).toContain(preset.width)
    expect(LIMITS.context.choices).toContain(preset.context)
    expect(presetOf(preset)).toBe(preset)
  }
  expect(presetOf({ width: 32, layers: 1, context: 32, batch: 1 })).toBeUndefined()
})
