import type { Figures, WorkloadSpec } from '../measured/workload.js'
import { type Contestant, inTurns } from '../shared/in-turns.js'
import type { LineProcess } from '../shared/line-process.js'
import { ownProcess } from '../shared/own-process.js'
import type { Report } from '../shared/report.js'
import { significant } from '../shared/significant.js'
import type { GpuCase } from './gpu-cases.js'

const OURS = 'almanac webgpu'

/** What all cases share. */
export interface CaseContext {
  readonly rounds: number
  /** Milliseconds that a measurement takes at least, where the work can be repeated. */
  readonly milliseconds: number
  /** null where there is none to compare with. */
  readonly pytorch: LineProcess | null
  readonly report: Report
}

type CaseOf<K extends GpuCase['kind']> = Extract<GpuCase, { readonly kind: K }>

/** Measures a case in rounds, ours in turns with PyTorch's or with the bandwidth probe, and reports its rows. */
export async function runCase(gpuCase: GpuCase, context: CaseContext): Promise<void> {
  switch (gpuCase.kind) {
    case 'bandwidth':
      return runBandwidth(gpuCase, context)
    case 'products':
      return runProducts(gpuCase, context)
    case 'training':
      return runTraining(gpuCase, context)
    case 'decoding':
      return runDecoding(gpuCase, context)
  }
}

/** Ours in processes of their own and PyTorch's, warmed up, for as long as `work` runs. */
async function between<T>(
  { pytorch, report }: CaseContext,
  ours: Readonly<Record<string, WorkloadSpec>>,
  theirs: Readonly<Record<string, object>>,
  work: (contestants: readonly Contestant[]) => Promise<T>,
): Promise<T> {
  const children: Awaited<ReturnType<typeof ownProcess>>[] = []
  const contestants: Contestant[] = []
  try {
    for (const [name, spec] of Object.entries(ours)) {
      const child = await ownProcess(spec)
      children.push(child)
      contestants.push({ name, turn: child.turn })
    }
    for (const [name, request] of Object.entries(theirs)) {
      const turn = async () => (await pytorch?.ask(request)) as Figures
      // The first call warms up; what PyTorch cannot do here is not compared.
      const first = await pytorch?.ask(request).catch(({ message }: Error) => ({ error: message }))
      if (first?.['error'] !== undefined) report.note(`${name}: ${first['error']}`)
      else if (pytorch) contestants.push({ name, turn })
    }
    return await work(contestants)
  } finally {
    for (const child of children) await child.close()
    // Where it has ended, the next case says so.
    await pytorch?.ask({ ask: 'free' }).catch(() => {})
  }
}

async function runBandwidth({ bytes }: CaseOf<'bandwidth'>, context: CaseContext): Promise<void> {
  const { milliseconds, report } = context
  const ours = { probes: { kind: 'bandwidth', bytes, milliseconds } } as const
  const rounds = await between(context, ours, { PyTorch: { copy: bytes, milliseconds } }, (contestants) =>
    inTurns(contestants, context.rounds),
  )
  const row = (probe: string, rate: number | undefined) =>
    report.row('Memory bandwidth of the GPU', { probe, gigabytesPerSecond: significant(rate as number) })
  row('reading', rounds.of('probes')['read'])
  row('copying, read and written', rounds.of('probes')['copy'])
  if (rounds.has('PyTorch')) row('copying by PyTorch', rounds.of('PyTorch')['gigabytesPerSecond'])
}

async function runProducts({ size, dtype }: CaseOf<'products'>, context: CaseContext): Promise<void> {
  const { milliseconds, report } = context
  const theirs = (tf32: boolean) => ({ gemm: size, dtype, tf32, milliseconds })
  const peers: Readonly<Record<string, object>> =
    dtype === 'float32'
      ? { 'PyTorch, float32': theirs(false), 'PyTorch, TF32': theirs(true) }
      : { 'PyTorch, float16': theirs(false) }
  const ours = { [OURS]: { kind: 'products', size, dtype, milliseconds } } as const
  const rounds = await between(context, ours, peers, (contestants) => inTurns(contestants, context.rounds))
  for (const system of [OURS, ...Object.keys(peers)].filter(rounds.has)) {
    const tflops = rounds.of(system)['tflops'] as number
    report.row(`Square ${dtype} products`, {
      system,
      size,
      tflops: significant(tflops),
      ...(system === OURS ? {} : { oursToTheirs: significant(rounds.ratio('tflops', OURS, system), 3) }),
    })
  }
}

async function runTraining({ size }: CaseOf<'training'>, context: CaseContext): Promise<void> {
  const { width, ...lengths } = size
  const theirs = (tf32: boolean, compiled: boolean) => ({ train: { ...lengths, ...width }, tf32, compiled })
  const peers = {
    'PyTorch eager, float32': theirs(false, false),
    'PyTorch compiled, float32': theirs(false, true),
    'PyTorch eager, TF32': theirs(true, false),
    'PyTorch compiled, TF32': theirs(true, true),
  }
  const ours = { [OURS]: { kind: 'training', threads: 1, backend: 'webgpu', ...size } } as const
  const rounds = await between(context, ours, peers, (contestants) => inTurns(contestants, context.rounds))
  const { batch, time, layers } = size
  for (const system of [OURS, ...Object.keys(peers)].filter(rounds.has)) {
    const seconds = rounds.of(system)['seconds'] as number
    context.report.row('The training step of a Llama', {
      system,
      layers,
      hidden: width?.hiddenSize ?? 0,
      batch,
      time,
      seconds: significant(seconds),
      tokensPerSecond: significant((batch * time) / seconds),
      ...(system === OURS ? {} : { oursToTheirs: significant(rounds.ratio('seconds', system, OURS), 3) }),
    })
  }
}

const PROBE = 'bandwidth'
/** As much as no cache holds. */
const PROBE_BYTES = 2 ** 28

async function runDecoding(gpuCase: CaseOf<'decoding'>, context: CaseContext): Promise<void> {
  const { kind, name: _, ...spec } = gpuCase
  const { milliseconds } = context
  const bytes = gpuCase.model === 'tiny' ? 2 ** 20 : PROBE_BYTES
  const ours = {
    [OURS]: { kind, threads: 1, backend: 'webgpu', ...spec },
    [PROBE]: { kind: 'bandwidth', bytes, milliseconds },
  } as const
  // The probe's figure under the name of what it bounds, so that both are compared within a round.
  const rounds = await between(context, ours, {}, (contestants) =>
    inTurns(
      contestants.map(({ name, turn }) =>
        name === PROBE
          ? { name, turn: async () => ({ read: (await turn())['gigabytesPerSecond'] as number }) }
          : { name, turn },
      ),
      context.rounds,
    ),
  )
  const figure = (name: string) => rounds.of(OURS)[name] as number
  context.report.row('Prefill and decoding at batch 1, tokens a second', {
    system: OURS,
    model: gpuCase.model,
    format: gpuCase.format,
    prompt: gpuCase.prefill,
    prefill: significant(figure('prefill')),
    decode: significant(figure('decode')),
    readGigabytesPerSecond: significant(figure('read')),
    bandwidth: significant(rounds.of(PROBE)['read'] as number),
    shareOfBandwidth: significant(rounds.ratio('read', OURS, PROBE), 3),
  })
}
