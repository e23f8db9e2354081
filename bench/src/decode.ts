// Prefill of 256 tokens and decoding at batch 1 of models with random weights: SmolLM2-135M's shape and Llama-3.2-1B's. With
// --peers llama.cpp runs the same shape (F16 beside bf16) in turns, on the CPU whatever --backend says of ours.
import { measurePeaks, profile, profileTable } from '@almanac/tensor-core'
import { DECODE, PREFILL, prepareDecoding, SHAPES } from './measured/decoding-workload.js'
import type { Figures, WorkloadSpec } from './measured/workload.js'
import { PeerError } from './shared/bench-error.js'
import { type BenchOptions, benchOptions } from './shared/bench-options.js'
import { type Contestant, inTurns, medians } from './shared/in-turns.js'
import { llamaCpp } from './shared/llama-cpp-peer.js'
import { ownProcess } from './shared/own-process.js'
import { type Report, startReport } from './shared/report.js'
import { roundTo } from './shared/round-to.js'

const options = benchOptions()
const { backend } = options
const [OURS, THEIRS] = [`almanac ${backend}`, 'llama.cpp']

/**
 * A turn of ours, as one of llama.cpp's: a process of its own, the median of three runs. How fast a process reads its weights
 * depends on where the system has put them; one process for all rounds would be one draw.
 */
async function ownTurn(spec: WorkloadSpec): Promise<Figures> {
  const ours = await ownProcess(spec)
  const turns = [await ours.turn(), await ours.turn(), await ours.turn()]
  const { peakMiB } = await ours.memory()
  await ours.close()
  return { ...medians(turns), peakMiB: peakMiB as number }
}

async function compare(
  model: string,
  format: string,
  threads: number,
  options: BenchOptions,
  report: Report,
): Promise<void> {
  const shape = SHAPES[model as keyof typeof SHAPES]
  const ours = { name: OURS, turn: () => ownTurn({ kind: 'decoding', threads, backend, model, format }) }
  const peerFormat = format === 'q8_0' ? 'q8_0' : 'f16'
  const peer = options.peers ? llamaCpp(shape, peerFormat, { prefill: PREFILL, decode: DECODE }) : null
  const theirs: Contestant[] = []
  try {
    if (peer) theirs.push({ name: THEIRS, turn: async () => peer.run(threads) })
    if (peer) peer.run(threads)
  } catch (error) {
    if (!(error instanceof PeerError)) throw error
    report.note(error.message)
    theirs.pop()
  }
  const rounds = await inTurns([ours, ...theirs], options.rounds ?? 5)
  peer?.close()
  const of = (name: string) => rounds.of(name) as Figures & { prefill: number; decode: number }
  const row = (name: string, dtype: string) => ({
    system: name,
    model,
    format: dtype,
    threads,
    prefill: Math.round(of(name).prefill),
    decode: roundTo(of(name).decode, 1),
  })
  const table = 'Tokens a second at batch 1'
  report.row(table, { ...row(OURS, format), peakMiB: Math.round(of(OURS)['peakMiB'] as number) })
  if (theirs.length === 0) return
  report.row(table, {
    ...row(THEIRS, peerFormat),
    peakMiB: of(THEIRS)['residentMiB'] as number,
    oursToTheirsPrefill: roundTo(rounds.ratio('prefill', OURS, THEIRS), 3),
    oursToTheirsDecode: roundTo(rounds.ratio('decode', OURS, THEIRS), 3),
  })
}

async function showProfile(model: string, format: string, threads: number): Promise<void> {
  const { device, run, close } = await prepareDecoding({ threads, backend, model, format })
  const peaks = await measurePeaks(device)
  for (const count of [1, PREFILL]) {
    console.log(`${model} ${format}, ${count} tokens`)
    console.log(profileTable(await profile(() => run(count, count === 1 ? PREFILL : 0)), peaks))
  }
  await close()
}

/** What is measured where nobody names a model or a format. */
const CASES = [
  { model: 'SmolLM2-135M', format: 'bf16' },
  { model: 'SmolLM2-135M', format: 'q8_0' },
  { model: 'Llama-3.2-1B', format: 'q8_0' },
]

const report = startReport('decode', options)
const named = options.model !== undefined || options.format !== undefined
const cases = named
  ? (options.format ?? ['bf16', 'q8_0']).map((format) => ({ model: options.model ?? 'SmolLM2-135M', format }))
  : CASES
for (const threads of options.threads ?? [2]) {
  for (const { model, format } of cases) {
    await compare(model, format, threads, options, report)
    if (options.profile) await showProfile(model, format, threads)
  }
}
report.finish()
