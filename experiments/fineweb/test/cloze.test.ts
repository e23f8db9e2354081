import { setDefaultDevice, type Tensor, tensor, wasmDevice } from '@almanac/tensor-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clozeAccuracy, clozeQuestions } from '../src/cloze.js'
import { cutDocuments } from '../src/cut-documents.js'
import { inventedSpeeches } from './invented-speeches.js'

const device = wasmDevice({ threads: 1 })
let before: ReturnType<typeof setDefaultDevice>
beforeAll(() => {
  before = setDefaultDevice(device)
})
afterAll(async () => {
  setDefaultDevice(before)
  await device.close()
})

const documents = inventedSpeeches(2, 200).flatMap(cutDocuments)
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

test('questions are pieces of one document, beside pieces of three others', () => {
  const questions = clozeQuestions(documents, 20, 1)
  expect(clozeQuestions(documents, 20, 1)).toEqual(questions)
  for (const { beginning, continuations } of questions) {
    expect([beginning.length, ...continuations.map(({ length }) => length)]).toEqual([96, 32, 32, 32, 32])
    const places = continuations.map((one) =>
      documents.findIndex((document) => document.text.replaceAll('\n', ' ').includes(text(one))),
    )
    expect(new Set(places).size).toBe(4)
    const own = documents[places[0] as number]?.text.replaceAll('\n', ' ')
    expect(own).toContain(`${text(beginning)}${text(continuations[0])}`)
  }
  expect(() => clozeQuestions(documents.slice(0, 3), 1, 1)).toThrow(
    'clozeQuestions: expected 4 held-out documents of more than 256 bytes, got 3. Give more text.',
  )
})

test('a model that knows the next byte finds all, one that knows none finds none', async () => {
  const bytes = (value: number, length: number) => new Uint8Array(length).fill(value)
  // The true continuation goes on with the byte of the beginning; six questions fill a batch and half of another.
  const questions = Array.from({ length: 6 }, (_, i) => ({
    beginning: bytes(10 + i, 96),
    continuations: [bytes(10 + i, 32), bytes(100, 32), bytes(101, 32), bytes(102, 32)],
  }))
  const codes = tensor(Int32Array.from({ length: 256 }, (_, i) => i))
  const repeats = (tokens: Tensor) => tokens.unsqueeze(-1).eq(codes).cast('float32').mul(5)
  expect(await clozeAccuracy(repeats, questions)).toBe(1)
  const differs = (tokens: Tensor) => repeats(tokens).mul(-1)
  expect(await clozeAccuracy(differs, questions)).toBe(0)
})
