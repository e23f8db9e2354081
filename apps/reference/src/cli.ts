#!/usr/bin/env node
import { isMainThread, workerData } from 'node:worker_threads'
import type { Command } from './command.js'
import { engineWorker, isEngineData } from './engine-worker.js'
import { UsageError } from './usage-error.js'

/** Loaded when they are called: `almanac --help` starts at once. */
const COMMANDS: Readonly<Record<string, { summary: string; load(): Promise<Command> }>> = {
  demo: {
    summary: 'train a small language model on real text and chat with it (npm start)',
    load: async () => (await import('./commands/demo.js')).demoCommand,
  },
  filter: {
    summary: 'make training data of web pages, as FineWeb does',
    load: async () => (await import('./commands/filter.js')).filterCommand,
  },
  pretrain: {
    summary: 'train a Llama on text',
    load: async () => (await import('./commands/pretrain.js')).pretrainCommand,
  },
  tokenize: {
    summary: 'train a tokenizer on text',
    load: async () => (await import('./commands/tokenize.js')).tokenizeCommand,
  },
  serve: {
    summary: 'an OpenAI-compatible server with a page to chat',
    load: async () => (await import('./commands/serve.js')).serveCommand,
  },
  generate: {
    summary: 'write text with a trained model',
    load: async () => (await import('./commands/generate.js')).generateCommand,
  },
  profile: {
    summary: 'measure a model kernel by kernel',
    load: async () => (await import('./commands/profile.js')).profileCommand,
  },
  reproduce: {
    summary: "run a short version of a month's experiment",
    load: async () => (await import('./commands/reproduce.js')).reproduceCommand,
  },
}

const HELP = `almanac: train, adapt and run small language models in JavaScript

  almanac <command> [options]      almanac <command> --help

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}`

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(HELP)
    return
  }
  const entry = COMMANDS[name]
  if (!entry)
    throw new UsageError(
      `expected a command (${Object.keys(COMMANDS).join(', ')}), got '${name}'. See "almanac --help".`,
    )
  const command = await entry.load()
  if (args.includes('--help') || args.includes('-h')) console.log(command.help)
  else await command.run(args)
}

/** One line on standard error; 2 for a mistake of the caller, 130 for a run that was stopped, 1 for everything else. */
function report(error: unknown): number {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  process.stderr.write(`almanac: ${message}\n`)
  if (process.env['ALMANAC_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return name === 'AbortError' ? 130 : error instanceof UsageError ? 2 : 1
}

// Threads are this file again: the server's engine, and those of filter, which call what they need of the exports below.
export const serve = async (): Promise<void> => (await import('./filter/filter-thread.js')).serveFilterTasks()
export const serveExtraction = async (): Promise<void> => (await import('@almanac/data-filter/html')).serveExtraction()

if (!isMainThread && isEngineData(workerData)) void engineWorker()
else if (isMainThread) {
  // The reader of a pipe may leave early ("| head"): that is its right, not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  main(process.argv.slice(2)).catch((error: unknown) => {
    process.exitCode = report(error)
    process.exit()
  })
}
