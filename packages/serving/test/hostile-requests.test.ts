import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type SeededRandom, seededRandom } from '@almanac/test-kit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Engine, type Listening, listen, servingApp } from '../src/index.js'
import { post, type RawAnswer, rawRequest } from './raw-http.js'
import { tinyEngine } from './tiny-engine.js'

const KEY = 'k'
const AUTH = [`Authorization: Bearer ${KEY}`]
const ALLOWED = [400, 401, 404, 413, 422, 429]
const LIMIT = 4096

let engine: Engine
let server: Listening
const logged: unknown[] = []
beforeAll(async () => {
  engine = tinyEngine('cpu')
  const app = servingApp(engine, { apiKey: KEY, maxBodyBytes: LIMIT, maxQueue: 2, log: (error) => logged.push(error) })
  server = await listen(app, { hasKey: true, requestTimeout: 1500 })
})
afterAll(() => server.close())

const good = { model: 'tiny', prompt: 'a', max_tokens: 1, temperature: 0 }
const chat = { model: 'tiny', messages: [{ role: 'user', content: 'a' }], max_tokens: 1 }
const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

/** Values that no field takes. */
const ODD: readonly unknown[] = [
  'x',
  -1,
  1.5,
  1e300,
  -1e-9,
  [],
  {},
  [[]],
  true,
  [1, 'a'],
  { a: null },
  '',
  '\u0000',
  2 ** 53,
]
const FIELDS = [
  'model',
  'prompt',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'seed',
  'stop',
  'stream',
  'stream_options',
  'n',
  'logprobs',
  'tools',
  'nonsense',
  '__proto__',
  'constructor',
]
const CHAT_FIELDS = ['messages', 'max_completion_tokens', 'response_format', 'logit_bias']

/** Kinds of bad requests. Each gives the parts to send, and how. */
const KINDS: Readonly<
  Record<
    string,
    (random: SeededRandom) => { parts: (string | Uint8Array | number)[]; leave?: boolean; may?: 'succeed' | 'close' }
  >
> = {
  'an odd value in a field of a completion': (random) => ({
    parts: post('/v1/completions', JSON.stringify({ ...good, [random.pick(FIELDS)]: random.pick(ODD) }), AUTH),
    may: 'succeed',
  }),
  'an odd value in a chat': (random) => ({
    parts: post(
      '/v1/chat/completions',
      JSON.stringify({ ...chat, [random.pick([...FIELDS, ...CHAT_FIELDS])]: random.pick(ODD) }),
      AUTH,
    ),
    may: 'succeed',
  }),
  'a field left out': (random) => {
    const { prompt: _, ...rest } = good
    return { parts: post(random.pick(['/v1/completions', '/v1/chat/completions']), JSON.stringify(rest), AUTH) }
  },
  'broken JSON': (random) => {
    const text = JSON.stringify(good)
    const at = 1 + random.integer(text.length - 1)
    return {
      parts: post(
        '/v1/completions',
        random.next() < 0.5 ? text.slice(0, at) : `${text.slice(0, at)}\u0001${text}`,
        AUTH,
      ),
    }
  },
  'bytes that are no UTF-8': (random) => ({
    parts: post(
      '/v1/completions',
      Uint8Array.from({ length: 40 }, () => 128 + random.integer(128)),
      AUTH,
    ),
  }),
  'deep nesting': (random) => ({
    parts: post('/v1/completions', `{"prompt":${deep(500 + random.integer(1400))}}`, AUTH),
  }),
  'a body too large': (random) => ({
    parts: post(
      '/v1/completions',
      JSON.stringify({ ...good, prompt: 'a'.repeat(LIMIT + random.integer(20_000)) }),
      AUTH,
    ),
  }),
  'chunks too large': (random) => {
    const chunk = 'a'.repeat(1000)
    const count = 5 + random.integer(20)
    const head = [
      'POST /v1/completions HTTP/1.1',
      'Host: localhost',
      'Connection: close',
      ...AUTH,
      'Transfer-Encoding: chunked',
    ]
    return {
      parts: [
        `${head.join('\r\n')}\r\n\r\n`,
        ...Array.from({ length: count }, () => `3e8\r\n${chunk}\r\n`),
        '0\r\n\r\n',
      ],
    }
  },
  'a prompt longer than the context': (random) => ({
    parts: post('/v1/completions', JSON.stringify({ ...good, prompt: 'b'.repeat(128 + random.integer(2000)) }), AUTH),
  }),
  'ids outside the vocabulary': (random) => ({
    parts: post('/v1/completions', JSON.stringify({ ...good, prompt: [1, 256 + random.integer(1e6)] }), AUTH),
  }),
  'a wrong key': (random) => ({
    parts: post(
      '/v1/completions',
      JSON.stringify(good),
      random.pick([[], ['Authorization: Bearer x'], ['Authorization: Basic k']]),
    ),
  }),
  'a wrong route or method': (random) => {
    const method = random.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    const path = random.pick([
      '/',
      '/v1',
      '/v1/embeddings',
      '/v2/models',
      '/v1/completions/x',
      '/%00',
      '/..%2f..%2fetc/passwd',
      '/health/../x',
    ])
    return { parts: [`${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${AUTH[0]}\r\n\r\n`] }
  },
  'an unknown model': (random) => ({
    parts: post('/v1/chat/completions', JSON.stringify({ ...chat, model: `m${random.integer(1e9)}` }), AUTH),
  }),
  'another host': (random) => ({
    parts: [
      `GET /v1/models HTTP/1.1\r\nHost: evil${random.integer(100)}.example\r\nConnection: close\r\n${AUTH[0]}\r\n\r\n`,
    ],
  }),
  'no HTTP': (random) => ({
    parts: [`${Buffer.from(Uint8Array.from({ length: 30 }, () => 33 + random.integer(90))).toString()}\r\n\r\n`],
  }),
  'headers without end': (random) => ({
    parts: [
      `GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'a'.repeat(20_000 + random.integer(20_000))}\r\n\r\n`,
    ],
  }),
  'a client that leaves in the middle': (random) => {
    const parts = post('/v1/completions', JSON.stringify({ ...good, max_tokens: 100, stream: true }), AUTH)
    const [head, body] = parts as [string, string]
    return { parts: [head, body.slice(0, random.integer(body.length + 1))], leave: true, may: 'close' }
  },
}

/** Requests that never come to their end; few, because each takes the server's whole patience. */
const SLOW: readonly (string | number)[][] = [
  ['GET /hea', 2500],
  ['POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Le', 2500],
  [post('/v1/completions', 'x'.repeat(50), AUTH)[0] as string, '{"prompt"', 2500],
  ['POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab', 2500],
]

function check(kind: string, { status, body, headers }: RawAnswer, may: 'succeed' | 'close' | undefined): void {
  expect(body, kind).not.toMatch(/\n\s+at |node:internal|\.ts:\d|\.js:\d/)
  if (status === 0) return expect(may, `${kind}: no answer`).toBe('close')
  if (status === 200) return expect(may, `${kind}: ${body}`).toBeDefined()
  expect(ALLOWED, `${kind}: ${headers}\n${body}`).toContain(status)
  const { error } = JSON.parse(body)
  expect(error, kind).toEqual({
    message: expect.stringMatching(/^.{1,60}: expected .+, got .+/),
    type: expect.stringMatching(/_error$/),
    param: error.param === null ? null : expect.any(String),
    code: error.code === null ? null : expect.any(String),
  })
}

const memory = (): number => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}

it('answers a thousand hostile requests in the right form, and goes on', async () => {
  const random = seededRandom(42)
  const kinds = Object.keys(KINDS)
  const round = async (count: number) => {
    const statuses = new Map<number, number>()
    const one = async (i: number) => {
      const kind = kinds[i % kinds.length] as string
      const { parts, leave = false, may } = (KINDS[kind] as (typeof KINDS)[string])(random)
      const answer = await rawRequest(server.port, parts, { leave })
      check(kind, answer, may)
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    }
    for (let i = 0; i < count; i += 10)
      await Promise.all(Array.from({ length: Math.min(10, count - i) }, (_, j) => one(i + j)))
    return statuses
  }
  // The first hundred warm up what stays: compiled code, caches.
  await round(100)
  const before = memory()
  const statuses = await round(1000)
  const slow = await Promise.all(SLOW.map((parts) => rawRequest(server.port, parts, { patience: 6000 })))
  slow.forEach((answer, i) => check(`slow ${i}`, answer, 'close'))
  const after = memory()
  console.log(
    `1000 requests: ${[...statuses]
      .sort()
      .map(([status, n]) => `${status || 'left'} ${n}`)
      .join(', ')}; slow: ${slow.map(({ status }) => status).join(', ')}; ` +
      `memory ${before.toFixed(1)} -> ${after.toFixed(1)} MiB`,
  )
  expect(after - before).toBeLessThan(8)
  expect(logged).toEqual([])
  for (const status of ALLOWED) if (status !== 429) expect(statuses.get(status), `${status}`).toBeGreaterThan(0)
  const { status, body } = await rawRequest(server.port, post('/v1/completions', JSON.stringify(good), AUTH))
  expect(status).toBe(200)
  expect(JSON.parse(body).usage).toEqual({ prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 })
})

it.each([
  [{ ...good, temperature: 3 }, 422, 'temperature', 'temperature: expected at most 2, got 3.'],
  [{ ...good, temperature: 'hot' }, 400, 'temperature', 'temperature: expected number, got "hot".'],
  [{ ...good, top_p: 0 }, 422, 'top_p', 'top_p: expected above 0, got 0.'],
  [{ ...good, max_tokens: 0 }, 422, 'max_tokens', 'max_tokens: expected at least 1, got 0.'],
  [{ ...good, max_tokens: 1.5 }, 400, 'max_tokens', 'max_tokens: expected whole number, got 1.5.'],
  [
    { ...good, stop: ['a', 'b', 'c', 'd', 'e'] },
    422,
    'stop',
    'stop: expected at most 4 items, got ["a","b","c","d","e"].',
  ],
  [{ ...good, prompt: undefined }, 400, 'prompt', 'prompt: expected string or array, got nothing.'],
  [{ ...good, prompt: ['a', 'b'] }, 422, 'prompt', 'prompt: expected at most 1 items, got ["a","b"].'],
  [{ ...good, n: 2 }, 422, 'n', 'n: expected no such field, got 2. It is not supported here; leave it out.'],
  [{ ...good, tempreature: 1 }, 400, 'tempreature', 'tempreature: expected no such field, got 1. Check its spelling.'],
  [
    { ...good, prompt: '' },
    422,
    'prompt',
    'prompt: expected a text of one token or more, got nothing. Write something.',
  ],
  [
    { ...good, prompt: [300] },
    422,
    'prompt',
    "prompt: expected token ids from 0 to 255, the model's vocabulary, got 300.",
  ],
])('%j', async (request, status, param, message) => {
  const answer = await rawRequest(server.port, post('/v1/completions', JSON.stringify(request), AUTH))
  expect([answer.status, JSON.parse(answer.body).error]).toMatchObject([status, { param, message }])
})

it.each([
  [{ ...chat, messages: [] }, 422, 'messages', 'messages: expected at least 1 items, got [].'],
  [
    { ...chat, messages: [{ role: 'robot', content: '' }] },
    400,
    'messages.0.role',
    'messages.0.role: expected "system" or "developer" or "user" or "assistant", got "robot".',
  ],
  [
    { ...chat, tools: [{}] },
    422,
    'tools',
    'tools: expected no such field, got [{}]. It is not supported here; leave it out.',
  ],
])('%j', async (request, status, param, message) => {
  const answer = await rawRequest(server.port, post('/v1/chat/completions', JSON.stringify(request), AUTH))
  expect([answer.status, JSON.parse(answer.body).error]).toMatchObject([status, { param, message }])
})
