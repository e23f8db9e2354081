import { expect, test } from 'vitest'
import { ProtocolError, type Report, type Request, readReport, readRequest } from '../../src/playground/protocol.js'

const settings = {
  backend: 'wasm',
  width: 64,
  layers: 2,
  context: 64,
  batch: 8,
  steps: 10,
  learningRate: 0.01,
} as const
const sample = { prompt: '', temperature: 0.8 }
const train: Request = { type: 'train', text: 'some text', settings, sample }

test('messages that fit pass as they are', () => {
  const requests: Request[] = [train, { type: 'find' }, { type: 'stop' }, { type: 'sample', sample }]
  for (const request of requests) expect(readRequest(request)).toBe(request)
  const reports: Report[] = [
    { type: 'backends', backends: [{ name: 'cpu', works: true, detail: 'slow' }] },
    { type: 'started', parameters: 1, trainingBytes: 2, heldOutBytes: 3 },
    { type: 'progress', step: 2, losses: [5.5, 5.4], tokensPerSecond: 10.5, remainingSeconds: 0 },
    { type: 'held-out', step: 2, nats: 5.4 },
    { type: 'memory', liveBytes: 1, peakBytes: 2 },
    { type: 'sample', step: 2, prompt: 'a', text: 'b', finished: true },
    { type: 'done', step: 2, stopped: false },
    { type: 'failed', what: 'this', todo: 'that' },
  ]
  for (const report of reports) expect(readReport(report)).toBe(report)
})

test('others are refused with the field, what it should be and what came', () => {
  const cases: [unknown, string][] = [
    [null, 'request: expected a message of type find, train, stop, sample, got undefined.'],
    [{ type: 'toString' }, 'request: expected a message of type find, train, stop, sample, got "toString".'],
    [{ ...train, text: 7 }, 'request "train".text: expected text, got 7.'],
    [{ ...train, settings: null }, 'request "train".settings: expected an object, got null.'],
    [
      { ...train, settings: { ...settings, backend: 'webgl' } },
      'request "train".settings.backend: expected one of webgpu, wasm, cpu, got "webgl".',
    ],
    [
      { ...train, settings: { ...settings, width: 65 } },
      'request "train".settings.width: expected one of 32, 64, 128, 256, 384, got 65.',
    ],
    [
      { ...train, settings: { ...settings, steps: 0.5 } },
      'request "train".settings.steps: expected a whole number from 1 to 20000, got 0.5.',
    ],
    [
      { ...train, settings: { ...settings, learningRate: Number.NaN } },
      'request "train".settings.learningRate: expected a number from 0.000001 to 1, got NaN.',
    ],
    [{ type: 'sample' }, 'request "sample".sample: expected an object, got undefined.'],
  ]
  for (const [message, text] of cases) {
    expect(() => readRequest(message), text).toThrow(ProtocolError)
    expect(() => readRequest(message)).toThrow(`${text} Reload the page: its parts may be of two versions.`)
  }
  expect(() =>
    readReport({ type: 'progress', step: 1, losses: [1, -1], tokensPerSecond: 1, remainingSeconds: 1 }),
  ).toThrow('report "progress".losses[1]: expected a number of 0 or more, got -1.')
  expect(() => readReport({ type: 'backends', backends: {} })).toThrow(
    'report "backends".backends: expected a list, got [object Object].',
  )
})
