import { afterEach, describe, expect, it } from 'vitest'
import { type Engine, type EngineEvent, type Listening, listen, ServingError, servingApp } from '../src/index.js'
import { tinyEngine } from './tiny-engine.js'

const open: Listening[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})
const start = async (...args: Parameters<typeof listen>) => {
  const server = await listen(...args)
  open.push(server)
  return server
}

describe('listen', () => {
  it('is bound to this machine unless told otherwise, and then wants a key', async () => {
    const app = servingApp(tinyEngine('cpu'))
    expect((await start(app)).host).toBe('127.0.0.1')
    await expect(listen(app, { host: '0.0.0.0' })).rejects.toThrow(
      'listen: expected an API key for host 0.0.0.0, which others can reach, got none. Give one, or use 127.0.0.1.',
    )
  })

  it('says what to do when the port is in use', async () => {
    const app = servingApp(tinyEngine('cpu'))
    const { port } = await start(app)
    const error = await listen(app, { port }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ServingError)
    expect((error as Error).message).toBe(
      `listen: expected a free port, got EADDRINUSE for 127.0.0.1:${port}. Stop what uses it, or choose another port.`,
    )
  })
})

/** An engine that writes when it is told to. */
function slowEngine(): Engine & { release(): void } {
  let go: (() => void)[] = []
  return {
    ...tinyEngine('cpu'),
    async *complete(_, signal): AsyncGenerator<EngineEvent> {
      yield { type: 'start', promptTokens: 1 }
      await new Promise<void>((resolve) => {
        go.push(resolve)
        signal.addEventListener('abort', () => resolve())
      })
      yield { type: 'end', reason: 'stop', completionTokens: 0 }
    },
    release() {
      for (const resolve of go.splice(0)) resolve()
      go = []
    },
  }
}

describe('the queue', () => {
  it('refuses what does not fit with 429 and Retry-After, and gives the place of a client that left to the next', async () => {
    const engine = slowEngine()
    const server = await start(servingApp(engine, { maxQueue: 1 }))
    const ask = (signal?: AbortSignal) =>
      fetch(`${server.url}/v1/completions`, {
        method: 'POST',
        body: JSON.stringify({ prompt: 'a' }),
        ...(signal ? { signal } : {}),
      })
    const queued = async () => ((await (await fetch(`${server.url}/health`)).json()) as { queue: number }).queue
    const until = async (length: number) => {
      for (let i = 0; i < 200 && (await queued()) !== length; i++)
        await new Promise((resolve) => setTimeout(resolve, 5))
      expect(await queued()).toBe(length)
    }
    const first = ask()
    await until(1)
    const leaving = new AbortController()
    const second = ask(leaving.signal).catch(() => 'left')
    await until(2)
    const third = await ask()
    expect(third.status).toBe(429)
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await third.json()).toMatchObject({
      error: {
        type: 'rate_limit_error',
        code: 'queue_full',
        message: expect.stringMatching(
          /^server: expected fewer requests at a time, got 2 before this one\. Try again in \d+ s\.$/,
        ),
      },
    })
    leaving.abort()
    expect(await second).toBe('left')
    await until(1)
    const fourth = ask()
    await until(2)
    engine.release()
    expect((await first).status).toBe(200)
    await until(1)
    engine.release()
    expect((await fourth).status).toBe(200)
  })
})
