import { BACKENDS } from '../choose-device.js'
import type { Command } from '../command.js'
import { readNumber, readOptions } from '../read-options.js'
import { startServer } from '../start-server.js'
import { untilStopped } from '../stop-signal.js'
import { UsageError } from '../usage-error.js'

/** The port of `almanac serve` and the demo unless told otherwise. */
export const DEFAULT_PORT = 8180

const OPTIONS = {
  checkpoint: { type: 'string' },
  tokenizer: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  'api-key': { type: 'string' },
  'max-queue': { type: 'string' },
  backend: { type: 'string' },
  threads: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

export const serveCommand: Command = {
  name: 'serve',
  summary: 'an OpenAI-compatible server with a page to chat',
  help: `almanac serve --checkpoint <file or folder> [options]

Answers at /v1/completions and /v1/chat/completions as OpenAI's API does, and at / with a page. Ctrl-C ends it.

  --checkpoint PATH    a folder written by pretrain or demo, or a llama2.c .bin file
  --tokenizer FILE     tok.bin, for a llama2.c checkpoint
  --host NAME          address to listen at (default 127.0.0.1; others need --api-key)
  --port N             default ${DEFAULT_PORT}; 0 takes any free one
  --api-key KEY        what clients must send (default: $ALMANAC_API_KEY, or none)
  --max-queue N        requests that may wait (default 16)
  --backend NAME       ${BACKENDS}
  --threads N          default: one a core`,
  async run(args) {
    const options = readOptions('serve', args, OPTIONS)
    const { checkpoint, tokenizer, host, backend, threads } = options
    if (checkpoint === undefined) {
      throw new UsageError(
        'serve: expected --checkpoint, got none. Name a folder written by "almanac pretrain" or a llama2.c file.',
      )
    }
    const apiKey = options['api-key'] ?? process.env['ALMANAC_API_KEY']
    const server = await startServer({
      checkpoint,
      port: readNumber('serve', 'port', options.port, DEFAULT_PORT, { least: 0, most: 65_535, whole: true }),
      maxQueue: readNumber('serve', 'max-queue', options['max-queue'], 16, { least: 0, whole: true }),
      ...(tokenizer === undefined ? {} : { tokenizer }),
      ...(host === undefined ? {} : { host }),
      ...(backend === undefined ? {} : { backend }),
      ...(threads === undefined ? {} : { threads }),
      ...(apiKey === undefined ? {} : { apiKey }),
    })
    console.log(
      `${server.model} at ${server.url} (OpenAI's API at ${server.url}/v1, a page at ${server.url}/; Ctrl-C ends it)`,
    )
    await untilStopped()
    await server.close()
  },
}
