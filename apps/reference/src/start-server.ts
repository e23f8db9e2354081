import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Listening, listen, type ServingOptions, servingApp, workerEngine } from '@almanac/serving'
import { addChatPage } from './chat-page.js'
import type { EngineData } from './engine-worker.js'
import { LOG_FILE, REPORT_FILE } from './run-config.js'

export interface ServerOptions extends Pick<ServingOptions, 'apiKey' | 'maxQueue'> {
  readonly checkpoint: string
  readonly tokenizer?: string
  readonly backend?: string
  readonly threads?: string
  readonly host?: string
  readonly port: number
}

export interface RunningServer extends Listening {
  readonly model: string
}

/** Serves a model over HTTP with a page that chats with it: the engine in a thread of its own, this file's command again. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { checkpoint, tokenizer, backend, threads, host, port, apiKey, maxQueue } = options
  const data: EngineData = {
    almanac: 'engine',
    id: basename(resolve(checkpoint)).replace(/\.bin$/, ''),
    checkpoint,
    ...(tokenizer === undefined ? {} : { tokenizer }),
    ...(backend === undefined ? {} : { backend }),
    ...(threads === undefined ? {} : { threads }),
  }
  const engine = await workerEngine(pathToFileURL(process.argv[1] as string), data)
  try {
    const app = servingApp(engine, {
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(maxQueue === undefined ? {} : { maxQueue }),
    })
    await addChatPage(app, { model: engine.model, run: () => readRun(checkpoint) })
    const server = await listen(app, { ...(host === undefined ? {} : { host }), port, hasKey: apiKey !== undefined })
    return {
      ...server,
      model: engine.model.id,
      async close() {
        await server.close()
        await engine.close()
      },
    }
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** The training run behind a checkpoint, where its folder tells of one. */
async function readRun(checkpoint: string) {
  const text = await readFile(`${checkpoint}/${LOG_FILE}`, 'utf8').catch(() => '')
  const report = await readFile(`${checkpoint}/${REPORT_FILE}`, 'utf8').catch(() => 'null')
  const events = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  return {
    losses: events.filter(({ type }) => type === 'step').map(({ loss }) => loss as number),
    evaluations: events
      .filter(({ type }) => type === 'evaluation')
      .map(({ step, evaluation }) => ({ step: step as number, ...(evaluation as object) })),
    report: JSON.parse(report) as unknown,
  }
}
