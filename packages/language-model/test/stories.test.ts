import { readFileSync } from 'node:fs'
import { cpuDevice, type Device, q8_0, setDefaultDevice, tensor, wasmDevice } from '@almanac/tensor-core'
import { loadStateDict } from '@almanac/tensor-core/nn'
import { sharedData } from '@almanac/test-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generate, Llama, packWeights, readLlama2c, readLlama2cTokenizer } from '../src/index.js'

const checkpointFile = sharedData('stories260K.bin')
const tokenizerFile = sharedData('tok512.bin')
const MISSING = 'needs ../shared/data/stories260K.bin and tok512.bin'

/** A float64 reference run: the logits after the beginning-of-text token. */
const LOGITS = [-6.22291, 8.40434, -6.22374, -6.22254, -6.22195, -6.22288, -6.22188, -6.22342]
const IDS = [403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338]
const TEXT =
  'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball.'

describe.each([
  ['cpu', () => cpuDevice()],
  ['wasm, one thread', () => wasmDevice({ threads: 1 })],
  ['wasm, two threads', () => wasmDevice({ threads: 2 })],
])('stories260K on %s', (name, make) => {
  let before: Device
  let device: Device
  beforeAll(() => {
    device = make()
    before = setDefaultDevice(device)
  })
  afterAll(async () => {
    setDefaultDevice(before)
    await device.close()
  })
  const load = () => {
    const { config, tensors } = readLlama2c(readFileSync(checkpointFile as string))
    const model = new Llama(config)
    loadStateDict(model, tensors)
    return model
  }

  test('logits after the first token, greedy ids', async (context) => {
    if (!checkpointFile) context.skip(MISSING)
    const model = load()
    const logits = await model.forward(tensor([[1]], { dtype: 'int32' })).data()
    const worst = LOGITS.reduce((max, x, i) => Math.max(max, Math.abs(x - (logits[i] as number))), 0)
    expect(worst).toBeLessThan(1e-4)
    const largest = Math.max(...logits)
    expect(Math.abs(largest - 17.02352)).toBeLessThan(1e-4)
    expect(logits.indexOf(largest)).toBe(403)
    const lse = largest + Math.log(Float64Array.from(logits, (x) => Math.exp(x - largest)).reduce((a, b) => a + b, 0))
    expect(Math.abs(lse - 17.26726)).toBeLessThan(1e-4)
  })

  test('the greedy text', async (context) => {
    if (!checkpointFile || !tokenizerFile) context.skip(MISSING)
    const model = load()
    const tokenizer = readLlama2cTokenizer(readFileSync(tokenizerFile as string))
    let text = ''
    for await (const piece of generate(model, tokenizer, '', { temperature: 0, maxTokens: name === 'cpu' ? 20 : 199 }))
      text += piece
    if (name !== 'cpu') expect(text.startsWith(TEXT)).toBe(true)
    else expect(TEXT.startsWith(text.slice(0, 60))).toBe(true)
    expect(tokenizer.encode(text).slice(1, 1 + IDS.length)).toEqual(IDS)
  })

  test('with Q8_0 weights the first sentence still agrees', async (context) => {
    if (!checkpointFile || !tokenizerFile) context.skip(MISSING)
    const model = load()
    const { packed, left } = packWeights(model, q8_0)
    // Feed-forward rows of 172 values are no whole blocks of 32: the down projections stay float32.
    expect([packed.length, left.length]).toEqual([31, 5])
    const tokenizer = readLlama2cTokenizer(readFileSync(tokenizerFile as string))
    let text = ''
    for await (const piece of generate(model, tokenizer, '', { temperature: 0, maxTokens: 20 })) text += piece
    expect(text.startsWith('Once upon a time, there was a little girl named Lily.')).toBe(true)
  })
})
