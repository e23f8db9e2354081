import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { byteTokenizer, generate } from '@almanac/language-model'
import { bundleScript } from '@almanac/test-kit'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Engine, type Listening, listen, servingApp, workerEngine } from '../src/index.js'
import { tinyEngine, tinyModel } from './tiny-engine.js'

const KEY = 'correct horse'
let workerFile: Promise<string> | null = null
const tinyWorker = async (data: object): Promise<Engine> => {
  workerFile ??= bundleScript(resolve(import.meta.dirname, '..'), resolve(import.meta.dirname, 'tiny-worker.ts'))
  return workerEngine(pathToFileURL(await workerFile), data)
}
const withoutText = (array: { text: string }[]) => array.map(({ text }) => text).join('')

describe.each<[string, () => Promise<Engine>]>([
  ['an engine in this thread', async () => tinyEngine()],
  ['an engine in a worker', () => tinyWorker({})],
])('the openai client against %s', (_, make) => {
  let engine: Engine
  let server: Listening
  let client: OpenAI
  beforeAll(async () => {
    engine = await make()
    server = await listen(servingApp(engine, { apiKey: KEY }), { hasKey: true })
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: KEY, maxRetries: 0 })
  })
  afterAll(async () => {
    await server.close()
    await engine.close()
  })

  /** What the model writes, from the library itself. */
  const written = async (prompt: string, maxTokens: number, seed?: number) => {
    tinyEngine()
    let text = ''
    const sampling = seed === undefined ? { temperature: 0 } : { temperature: 1, seed }
    for await (const piece of generate(tinyModel(), byteTokenizer(), prompt, { ...sampling, maxTokens })) text += piece
    return text
  }

  it('lists the models', async () => {
    const models = await client.models.list()
    expect(models.data.map(({ id }) => id)).toEqual(['tiny'])
    expect((await client.models.retrieve('tiny')).object).toBe('model')
  })

  it('completes what generate completes, with the right counts', async () => {
    const answer = await client.completions.create({ model: 'tiny', prompt: 'Hällo', max_tokens: 20, temperature: 0 })
    expect(answer.choices[0]?.text).toBe(await written('Hällo', 20))
    expect(answer.choices[0]?.finish_reason).toBe('length')
    expect(answer.usage).toEqual({ prompt_tokens: 6, completion_tokens: 20, total_tokens: 26 })
    const ids = await client.completions.create({
      model: 'tiny',
      prompt: byteTokenizer().encode('Hällo'),
      max_tokens: 20,
      temperature: 0,
    })
    expect(ids.choices[0]?.text).toBe(answer.choices[0]?.text)
  })

  it('draws the same text for the same seed, and another for another', async () => {
    const draw = async (seed: number) =>
      (await client.completions.create({ model: 'tiny', prompt: 'abc', max_tokens: 12, seed })).choices[0]?.text
    expect(await draw(3)).toBe(await draw(3))
    expect(await draw(3)).not.toBe(await draw(4))
    expect(await draw(3)).toBe(await written('abc', 12, 3))
  })

  it('streams a chat: the role first, then text, a reason, the usage', async () => {
    const request = {
      model: 'tiny',
      messages: [
        { role: 'system' as const, content: 'Be brief.' },
        { role: 'user' as const, content: [{ type: 'text' as const, text: 'Hi' }] },
      ],
      max_tokens: 10,
      temperature: 0,
    }
    const whole = await client.chat.completions.create(request)
    expect(whole.usage).toEqual({ prompt_tokens: 12, completion_tokens: 10, total_tokens: 22 })
    const stream = await client.chat.completions.create({
      ...request,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' })
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')
    expect(text).toBe(whole.choices[0]?.message.content)
    expect(text).toBe(await written('Be brief.\nHi', 10))
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('length')
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
  })

  it('ends at a stop string, in whatever pieces it comes, and never sends a part of it', async () => {
    const text = await written('stop', 40)
    const stop = text.slice(9, 13)
    const at = text.indexOf(stop)
    const request = { model: 'tiny', prompt: 'stop', max_tokens: 40, temperature: 0, stop: ['never there', stop] }
    const answer = await client.completions.create(request)
    expect(answer.choices[0]).toMatchObject({ text: text.slice(0, at), finish_reason: 'stop' })
    let streamed = ''
    for await (const chunk of await client.completions.create({ ...request, stream: true })) {
      streamed += chunk.choices[0]?.text ?? ''
      expect(text.slice(0, at).startsWith(streamed)).toBe(true)
    }
    expect(streamed).toBe(text.slice(0, at))
  })

  it('stops writing when the client aborts', async () => {
    const before = engine.stats()
    const controller = new AbortController()
    const stream = await client.completions.create(
      { model: 'tiny', prompt: 'a', max_tokens: 120, stream: true },
      { signal: controller.signal },
    )
    let chunks = 0
    try {
      for await (const _ of stream) if (++chunks === 3) controller.abort()
    } catch (error) {
      expect((error as Error).name).toMatch(/Abort/)
    }
    const settled = async () => {
      for (let i = 0; i < 200 && engine.stats().aborted === before.aborted; i++) {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    await settled()
    expect(engine.stats().aborted).toBe(before.aborted + 1)
    expect(engine.stats().tokens - before.tokens).toBeLessThan(100)
    // The next request is served as ever.
    const answer = await client.completions.create({ model: 'tiny', prompt: 'Hällo', max_tokens: 20, temperature: 0 })
    expect(answer.choices[0]?.text).toBe(await written('Hällo', 20))
  })

  it('gives clients at once whole answers that are not mixed, in order', async () => {
    const prompts = ['one', 'two', 'three', 'four']
    const expected = await Promise.all(prompts.map(() => null)).then(async () => {
      const texts: string[] = []
      for (const prompt of prompts) texts.push(await written(prompt, 30))
      return texts
    })
    const order: number[] = []
    const clients = prompts.map(() => new OpenAI({ baseURL: `${server.url}/v1`, apiKey: KEY, maxRetries: 0 }))
    const texts = await Promise.all(
      prompts.map(async (prompt, i) => {
        await new Promise((resolve) => setTimeout(resolve, 20 * i))
        const stream = await (clients[i] as OpenAI).completions.create({
          model: 'tiny',
          prompt,
          max_tokens: 30,
          temperature: 0,
          stream: true,
        })
        const pieces: { text: string }[] = []
        for await (const chunk of stream) pieces.push(chunk.choices[0] as { text: string })
        order.push(i)
        return withoutText(pieces)
      }),
    )
    expect(texts).toEqual(expected)
    expect(order).toEqual([0, 1, 2, 3])
  })

  it('tells the client what was wrong', async () => {
    const refused = async (promise: Promise<unknown>) =>
      (await promise.then(
        () => null,
        (error: unknown) => error,
      )) as InstanceType<typeof OpenAI.APIError>
    const wrongKey = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'guess', maxRetries: 0 })
    expect(await refused(wrongKey.models.list())).toBeInstanceOf(OpenAI.AuthenticationError)
    const other = await refused(client.completions.create({ model: 'gpt-5', prompt: 'a' }))
    expect(other).toBeInstanceOf(OpenAI.NotFoundError)
    expect(other.message).toBe("404 model: expected 'tiny', got 'gpt-5'. GET /v1/models lists them.")
    const long = await refused(client.completions.create({ model: 'tiny', prompt: 'a'.repeat(128) }))
    expect(long).toBeInstanceOf(OpenAI.UnprocessableEntityError)
    expect(long.message).toBe(
      "422 prompt: expected at most 127 tokens, to leave one of the model's 128 positions for an answer, got 128. Shorten it.",
    )
    expect(long.param).toBe('prompt')
  })
})

describe('an engine whose worker fails', () => {
  it('says why it could not be made', async () => {
    await expect(tinyWorker({ fails: 'loading' })).rejects.toThrow('no such model')
  })

  it('answers with 503, in the middle of a stream too, and never hangs', async () => {
    const engine = await tinyWorker({ fails: 'dying' })
    const logged: unknown[] = []
    const server = await listen(servingApp(engine, { log: (error) => logged.push(error) }))
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 })
    const stream = await client.completions.create({ model: 'tiny', prompt: 'a', max_tokens: 50, stream: true })
    const broken = (async () => {
      for await (const _ of stream);
    })()
    await expect(broken).rejects.toThrow(/expected a running model, got one that has ended/)
    await expect(client.completions.create({ model: 'tiny', prompt: 'a' })).rejects.toMatchObject({ status: 503 })
    expect(String(logged[0])).toContain('expected a worker that stays alive, got exit code 3')
    await server.close()
    await engine.close()
  })
})
