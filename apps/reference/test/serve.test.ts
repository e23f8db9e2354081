import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runAlmanac, type Server, startAlmanac, temporaryFolder } from './run-almanac.js'
import { smallRun, textFile } from './small-run.js'

const folder = join(temporaryFolder(), 'river')
let server: Server
let client: OpenAI

beforeAll(async () => {
  mkdirSync(folder)
  const { code, stderr } = await runAlmanac(smallRun(textFile(), folder, 60))
  if (code !== 0) throw new Error(stderr)
  server = await startAlmanac(['serve', '--checkpoint', folder, '--port', '0'])
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 })
}, 120_000)

afterAll(async () => {
  expect(await server.stop()).toBe(0)
})

/** What `almanac generate` writes after a prompt, from the same folder. */
async function written(prompt: string, maxTokens: number): Promise<string> {
  const options = ['--temperature', '0', '--max-tokens', `${maxTokens}`]
  const { stdout } = await runAlmanac(['generate', '--checkpoint', folder, '--prompt', prompt, ...options])
  return stdout.slice(prompt.length).replace(/\n$/, '')
}

describe('the openai client against almanac serve', () => {
  const request = { model: 'river', prompt: 'the quick', max_tokens: 12, temperature: 0 }

  test('completes, streams and counts as generate does', async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['river'])
    const whole = await client.completions.create(request)
    expect(whole.choices[0]?.text.replace(/\n$/, '')).toBe(await written('the quick', 12))
    const { usage } = whole
    expect(usage?.completion_tokens).toBe(12)
    expect(usage?.total_tokens).toBe(12 + (usage?.prompt_tokens as number))
    let text = ''
    let streamed: unknown = null
    const stream = { ...request, stream: true as const, stream_options: { include_usage: true } }
    for await (const chunk of await client.completions.create(stream)) {
      text += chunk.choices[0]?.text ?? ''
      streamed = chunk.usage ?? streamed
    }
    expect(text).toBe(whole.choices[0]?.text)
    expect(streamed).toEqual(usage)
  })

  test('aborts, and answers the next request as ever', async () => {
    const before = await client.completions.create(request)
    const controller = new AbortController()
    const stream = await client.chat.completions.create(
      { model: 'river', messages: [{ role: 'user', content: 'the' }], max_tokens: 28, stream: true },
      { signal: controller.signal },
    )
    controller.abort()
    const read = async () => {
      for await (const _ of stream);
    }
    await read().catch((error: Error) => expect(error.name).toMatch(/Abort/))
    expect((await client.completions.create(request)).choices).toEqual(before.choices)
  })

  test('gives two clients at once whole answers that are not mixed', async () => {
    const prompts = ['the quick', 'seven old']
    const drawn = { ...request, temperature: 1, seed: 5 }
    const alone: (string | undefined)[] = []
    for (const prompt of prompts) alone.push((await client.completions.create({ ...drawn, prompt })).choices[0]?.text)
    const other = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 })
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        [client, other].map((one, i) => one.completions.create({ ...drawn, prompt: prompts[i] as string })),
      )
      expect(answers.map(({ choices }) => choices[0]?.text)).toEqual(alone)
    }
    expect(alone[0]).not.toBe(alone[1])
  })
})

describe('what cannot be served is one line that says what to do', () => {
  const refused = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await runAlmanac(['serve', ...args])
    expect(stdout).toBe('')
    expect(code).not.toBe(0)
    return stderr
  }

  test('a port in use', async () => {
    const port = new URL(server.url).port
    expect(await refused(['--checkpoint', folder, '--port', port])).toMatch(
      new RegExp(`^almanac: .*expected a free port, got EADDRINUSE for 127.0.0.1:${port}.*\n$`),
    )
  })

  test('a checkpoint that is not there', async () => {
    expect(await refused(['--checkpoint', '/nowhere/river', '--port', '0'])).toBe(
      'almanac: serve: expected a readable file for --checkpoint, got no such file: /nowhere/river. Check the path.\n',
    )
    const empty = temporaryFolder()
    expect(await refused(['--checkpoint', empty, '--port', '0'])).toBe(
      `almanac: serve: expected config.json and model.safetensors in --checkpoint ${empty}, got neither. Train first: "almanac pretrain --out ${empty}".\n`,
    )
  })

  test('a run that is not at its end, a missing tokenizer', async () => {
    const copy = join(temporaryFolder(), 'copy')
    cpSync(folder, copy, { recursive: true })
    rmSync(join(copy, 'tokenizer.json'))
    expect(await refused(['--checkpoint', copy, '--port', '0'])).toBe(
      `almanac: serve: expected tokenizer.json in --checkpoint ${copy}, got none. Copy it there.\n`,
    )
    rmSync(join(copy, 'config.json'))
    expect(await refused(['--checkpoint', copy, '--port', '0'])).toBe(
      `almanac: serve: expected a finished model in --checkpoint ${copy}, got a run that is not at its end. Start it again: it goes on.\n`,
    )
  })

  test('a vocabulary that does not match', async () => {
    const [copy, other] = [join(temporaryFolder(), 'copy'), temporaryFolder()]
    cpSync(folder, copy, { recursive: true })
    const larger = await runAlmanac(['tokenize', '--text', textFile(), '--out', other, '--vocab-size', '320'])
    expect(larger.code).toBe(0)
    cpSync(join(other, 'tokenizer.json'), join(copy, 'tokenizer.json'))
    expect(await refused(['--checkpoint', copy, '--port', '0'])).toBe(
      "almanac: serve: expected a tokenizer of at most 300 tokens, the model's vocabulary, got 320. Use the tokenizer that the model was trained with.\n",
    )
  })

  test('an address for others without a key', async () => {
    expect(await refused(['--checkpoint', folder, '--port', '0', '--host', '0.0.0.0'])).toMatch(
      /^almanac: .*expected an API key.*\n$/,
    )
  })

  test('a file that is no JSON', async () => {
    const copy = join(temporaryFolder(), 'copy')
    cpSync(folder, copy, { recursive: true })
    writeFileSync(join(copy, 'tokenizer.json'), '{"version": ')
    expect(await refused(['--checkpoint', copy, '--port', '0'])).toMatch(/^almanac: .*tokenizer\.json.*JSON.*\n$/)
  })
})
