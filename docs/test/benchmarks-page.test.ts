import { expect, test } from 'vitest'
import { benchmarksPage } from '../src/benchmarks/benchmarks-page.js'
import { heading, markdownTable } from '../src/benchmarks/markdown-table.js'
import { type BenchResult, newestFiles } from '../src/benchmarks/newest-results.js'
import { axisTop, barPlot, linePlot } from '../src/benchmarks/plot.js'

const machine = { cpu: 'A CPU', cores: 2, memoryGiB: 8, kernel: '6.1', node: 'v20.20.2', v8: '11.3' }
const gemm: BenchResult = {
  name: 'gemm',
  date: '2026-01-02',
  commit: 'abc1234',
  command: 'npm run bench -- gemm --peers',
  machine,
  versions: { PyTorch: '1.13, OpenBLAS kernel Zen' },
  notes: ['a <peer> is missing'],
  rows: [
    { bench: 'gemm', table: 'Products on 1 thread', system: 'almanac wasm', size: 256, gflops: 50, share: 0.9 },
    { bench: 'gemm', table: 'Products on 1 thread', system: 'PyTorch', size: 256, gflops: 100, oursToTheirs: 0.5 },
    { bench: 'gemm', table: 'Ours against the best', size: 256, best: 'another', ratio: 2 },
  ],
}

test('the newest file of each benchmark counts; others are no results', () => {
  const files = [
    '2026-01-03-train.json',
    '2026-01-02-gemm.json',
    '2026-01-10-gemm.json',
    '2026-01-04-gemm-nodes.json',
    'x.md',
  ]
  expect(Object.fromEntries(newestFiles(files))).toEqual({
    gemm: '2026-01-10-gemm.json',
    train: '2026-01-03-train.json',
    'gemm-nodes': '2026-01-04-gemm-nodes.json',
  })
})

test('a table has a column for every name, numbers to the right', () => {
  expect(markdownTable(gemm.rows.slice(0, 2))).toBe(
    [
      '| system | size | GFLOP/s | share of the probe | ours to theirs |',
      '| --- | ---: | ---: | ---: | ---: |',
      '| almanac wasm | 256 | 50 | 0.9 |  |',
      '| PyTorch | 256 | 100 |  | 0.5 |',
    ].join('\n'),
  )
  expect(heading('sharedByThreads')).toBe('shared by threads')
})

test('axes end at a round number', () => {
  expect([0, 0.7, 97, 101, 149, 230].map(axisTop)).toEqual([1, 0.8, 100, 150, 150, 300])
})

test('plots place their points, leave gaps and have no empty line', () => {
  const plot = linePlot(
    'A & B',
    'ms',
    ['1', '2'],
    [
      { name: 'one', values: [10, 5] },
      { name: 'two', values: [undefined, 10] },
    ],
  )
  expect(plot.match(/<circle/g)).toHaveLength(3)
  // 10 is the top of the axis, 5 half way down.
  expect(plot).toContain('points="199,28 485,144"')
  expect(plot).toContain('aria-label="A &#38; B"')
  for (const svg of [plot, barPlot('t', 'u', [{ name: 'almanac', value: 3 }])]) expect(svg).not.toMatch(/\n\s*\n/)
})

test('the page has a section with tables, a plot, versions, notes and where the figures come from', () => {
  const page = benchmarksPage(new Map([['gemm', gemm]]))
  expect(page).toContain('## Matrix products')
  expect(page).toContain('### Products on 1 thread\n\n<svg')
  expect(page).toContain('### Ours against the best\n\n| size | best | ratio |')
  expect(page).toContain('- PyTorch: 1.13, OpenBLAS kernel Zen\n- a &lt;peer> is missing\n')
  expect(page).toContain('2026-01-02, commit abc1234; A CPU, 2 cores, 8 GiB, Linux 6.1, Node v20.20.2 (V8 11.3).')
  expect(page).toContain('Repeat it with `npm run bench -- gemm --peers`.')
})

test('products on a GPU have a plot in TFLOP/s', () => {
  const row = { bench: 'webgpu', table: 'Square float32 products', system: 'almanac webgpu', size: 1024, tflops: 2.5 }
  const page = benchmarksPage(new Map([['webgpu', { ...gemm, name: 'webgpu', rows: [row] }]]))
  expect(page).toContain('## On a GPU')
  expect(page).toMatch(/### Square float32 products\n\n<svg[\s\S]*TFLOP\/s[\s\S]*\| system \| size \| TFLOP\/s \|/)
})

test('older results, without tables, versions and a command, have a section, too', () => {
  const { command: _, versions: __, notes: ___, ...old } = gemm
  const page = benchmarksPage(new Map([['bpe', { ...old, name: 'bpe', rows: [{ bench: 'bpe', peakMiB: 331 }] }]]))
  expect(page).toContain('| peak MiB |\n| ---: |\n| 331 |')
  expect(page).toContain('Repeat it with `npm run bench -- bpe`.')
})
