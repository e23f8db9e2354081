// What a GPU gives through WebGPU: memory bandwidth; float32 and float16 products; the training step of a Llama of 124M
// parameters; prefill and decoding of Llama-3.2-1B's shape. PyTorch on the same GPU takes turns where python3 has it.
import { PeerError } from './shared/bench-error.js'
import { benchOptions } from './shared/bench-options.js'
import type { LineProcess } from './shared/line-process.js'
import { startPyTorchGpu } from './shared/pytorch-gpu-peer.js'
import { type Report, startReport } from './shared/report.js'
import { showProgress } from './shared/show-progress.js'
import { findGpu, type Gpu, GpuError } from './webgpu/find-gpu.js'
import { type GpuCase, gpuCases, planCases } from './webgpu/gpu-cases.js'
import { gpuMemory } from './webgpu/gpu-memory.js'
import { runCase } from './webgpu/run-case.js'

/** How long the kinds of cases take, one against the other. */
const WEIGHTS: Readonly<Record<GpuCase['kind'], number>> = { bandwidth: 1, products: 1, training: 6, decoding: 4 }

const options = benchOptions()

async function gpuOrEnd(): Promise<Gpu> {
  try {
    return await findGpu(options.quick)
  } catch (error) {
    if (!(error instanceof GpuError)) throw error
    console.error(error.message)
    process.exit(1)
  }
}

async function startPeer(report: Report): Promise<LineProcess | null> {
  try {
    const pytorch = await startPyTorchGpu()
    report.version('PyTorch', `${pytorch.hello['version']} on ${pytorch.hello['device']}`)
    return pytorch
  } catch (error) {
    if (!(error instanceof PeerError)) throw error
    report.note(error.message)
    return null
  }
}

const gpu = await gpuOrEnd()
const quick = options.quick || gpu.software
// Figures of no GPU are no result.
const report = startReport('webgpu', { ...options, dry: options.dry || quick || options.only !== '' })
report.note(`adapter: ${gpu.detail}`)
if (gpu.software) report.note('a software adapter: this shows that the benchmark runs; the figures mean nothing')
else if (quick) report.note('tiny sizes: this shows that the benchmark runs; the figures mean nothing')

const pytorch = gpu.software ? null : await startPeer(report)
const memory = gpuMemory(options.memory, gpu.software)
const limits = { memoryBytes: memory.bytes, maxBufferBytes: gpu.maxBufferBytes }
const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1)
report.note(
  `memory: ${gib(memory.bytes)} GiB may be taken (${memory.source}); buffers up to ${gib(gpu.maxBufferBytes)} GiB`,
)
const rounds = options.rounds ?? (quick ? 2 : 7)
const milliseconds = quick ? 1 : 200
report.note(`rounds: ${rounds}, medians; a measurement takes ${milliseconds} ms or longer`)

const leaveOut = (name: string, reason: string) => report.row('Left out', { case: name, reason })
const plan = planCases(gpuCases({ sizes: options.sizes, quick, only: options.only }), limits, pytorch ? 1 : 0)
for (const { name, reason } of plan.leftOut) leaveOut(name, reason)

const firstOf = (kind: GpuCase['kind']) => plan.run.find((gpuCase) => gpuCase.kind === kind)
const counted = plan.run.filter((gpuCase) => gpuCase.kind !== 'training' || gpuCase === firstOf('training'))
const progress = showProgress(counted.reduce((sum, { kind }) => sum + WEIGHTS[kind], 0))
let trained = false
for (const gpuCase of plan.run) {
  const { kind, name } = gpuCase
  if (kind === 'training' && trained) continue
  progress.begin(name, counted.includes(gpuCase) ? WEIGHTS[kind] : 0)
  try {
    await runCase(gpuCase, { rounds, milliseconds, pytorch, report })
    trained ||= kind === 'training'
  } catch (error) {
    // Memory is an estimate, and a driver may refuse what another takes: the rest is worth having.
    leaveOut(name, error instanceof Error ? error.message : String(error))
  }
}
await pytorch?.close()
report.finish()
