import type { FileHandle } from 'node:fs/promises'
import type { ProgressLog } from './json-lines-log.js'
import type { ProgressEvent } from './progress-event.js'

/** See `jsonLinesLog`, which loads this module lazily. */
export async function nodeJsonLinesLog(path: string): Promise<ProgressLog> {
  // Not at the top: a bundler for pages refuses names of a module that a page does not have.
  const { open } = await import('node:fs/promises')
  const file = await open(path, 'a+')
  const begun = performance.now()
  let fresh = true
  let failure: unknown
  let last: Promise<void> = Promise.resolve()
  const enqueue = (work: () => Promise<void>): void => {
    last = last.then(work).catch((error: unknown) => {
      failure ??= error
    })
  }
  return {
    write(event) {
      // A new run begins a new file; one that goes on says so first.
      if (fresh) enqueue(() => keepLines(file, event.type === 'resumed' ? event.step : -1))
      fresh = false
      const seconds = Number(((performance.now() - begun) / 1000).toFixed(3))
      enqueue(() => file.appendFile(`${JSON.stringify({ ...event, seconds })}\n`))
    },
    async close() {
      await last
      await file.close()
      if (failure !== undefined) throw failure
    },
  }
}

/** Cuts the file behind the last line of an update up to `step`; whatever is no whole line of an event goes too. */
async function keepLines(file: FileHandle, step: number): Promise<void> {
  let end = 0
  for (const line of (await file.readFile('utf8')).split(/(?<=\n)/)) {
    if (!line.endsWith('\n') || stepOf(line) > step) break
    end += Buffer.byteLength(line)
  }
  await file.truncate(end)
}

function stepOf(line: string): number {
  try {
    const { step } = JSON.parse(line) as Partial<ProgressEvent>
    return typeof step === 'number' ? step : Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
