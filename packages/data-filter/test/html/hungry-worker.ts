import { parentPort } from 'node:worker_threads'
import { serveExtraction as serve } from '../../src/html/index.js'

/** A page that takes memory without end. It is made of small objects, with which V8 always has the time to end only the worker. */
export const HUNGRY = 'more'

export async function serveExtraction(): Promise<void> {
  parentPort?.on('message', ({ html }: { html: string }) => {
    const eaten: object[] = []
    while (html === HUNGRY) eaten.push({ eaten: [eaten.length] })
  })
  await serve()
}
