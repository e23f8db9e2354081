import { markdownTable } from './markdown-table.js'
import { type BenchResult, newestResults } from './newest-results.js'
import { plotOf } from './result-plots.js'

/** What stands above each benchmark's figures; in the order of the page. */
const SECTIONS: Readonly<Record<string, readonly [title: string, about: string]>> = {
  gemm: [
    'Matrix products',
    'Square float32 products. The probe is what multiply-adds reach in registers on the same threads, taken right before; a ratio above 1 means that ours is faster.',
  ],
  'gemm-nodes': [
    'Matrix products under several Nodes',
    'The same kernels compiled by several versions of V8. The share tells an engine that compiles them badly from a slow machine.',
  ],
  train: [
    'Training',
    'One step of a Llama of 5.8M parameters (vocabulary 4096, C 256, 6 layers, 8 heads, ffn 688, tied head; batch 8 x 256, float32, AdamW). Peak memory is resident memory beyond what the process held after its imports.',
  ],
  decode: [
    'Decoding',
    'A prompt of 256 tokens and then one token at a time, random weights in the shape of the model.',
  ],
  scaling: [
    'Scaling',
    'The training step beside two threads, and as T, the batch and the layers grow. At equal B * T everything but attention does the same work, and attention’s work grows with T.',
  ],
  overhead: [
    'Overhead',
    'What a kernel costs in a compiled program of 1,000 that need each other in turn. “Shared by threads” counts the kernels that all threads ran; before each of them they meet.',
  ],
  browser: [
    'In a browser',
    'The same sources in a worker of a cross-origin isolated page of headless Chromium and in Node, in turns.',
  ],
  webgpu: [
    'On a GPU',
    'Through WebGPU in Node (Dawn), PyTorch on the same GPU where it was installed. Products: programs one after the other with one wait at the end. The training step is a Llama’s of 124M parameters in float32 with AdamW. What decoding reads is every weight once a token and the keys and values before it, as a share of what reading or copying memory reaches in the same rounds.',
  ],
  attention: [
    'Attention',
    'Causal attention, forward and backward, in GFLOP/s of the causal half: two products forward, five backward. The share is that of matrix products of about the same work, measured in turns.',
  ],
  fused: [
    'Fused kernels',
    'GB/s of what a kernel must read and write, beside its fallback and beside doubling its input.',
  ],
  bpe: ['Training a tokenizer', 'Byte-level BPE on a text that keeps bringing new words.'],
}

const list = (items: readonly string[]): string => items.map((item) => `- ${item.replaceAll('<', '&lt;')}\n`).join('')

function provenance({ name, date, commit, command, machine }: BenchResult): string {
  const { cpu, cores, memoryGiB, node, v8, kernel, load } = machine
  const where = `${cpu}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}, Node ${node} (V8 ${v8})`
  const busy = load === undefined ? '' : ` (load ${load} at the end)`
  return `${date}, commit ${commit}; ${where}${busy}. Repeat it with \`${command ?? `npm run bench -- ${name}`}\`.`
}

function section(result: BenchResult): string {
  const [title, about] = SECTIONS[result.name] ?? [result.name, '']
  const tables = [...new Set(result.rows.map((row) => `${row['table'] ?? ''}`))].map((table) => {
    const rows = result.rows.filter((row) => `${row['table'] ?? ''}` === table)
    const plot = plotOf(result, table, rows)
    return [table && `### ${table}`, plot, markdownTable(rows)].filter(Boolean).join('\n\n')
  })
  const versions = Object.entries(result.versions ?? {}).map(([system, version]) => `${system}: ${version}`)
  const below = list([...versions, ...(result.notes ?? [])])
  return [`## ${title}`, about, ...tables, below, provenance(result)].filter(Boolean).join('\n\n')
}

/** The site's page of measurements, from the newest result of each benchmark. */
export function benchmarksPage(results: ReadonlyMap<string, BenchResult>): string {
  const order = [...Object.keys(SECTIONS), ...results.keys()]
  const names = [...new Set(order)].filter((name) => results.has(name))
  const intro =
    'What is compared runs in turns (A, B, A, B, ...) in processes of its own, and every figure is a median of those turns. Machines that do other work at the time give lower figures; ratios taken in turns suffer less.'
  return `# Benchmarks\n\n${intro}\n\n${names.map((name) => section(results.get(name) as BenchResult)).join('\n\n')}\n`
}

/** The page of a repository. */
export const makeBenchmarksPage = (root: string): string => benchmarksPage(newestResults(root))
