import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sharedData } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { runAlmanac, temporaryFolder } from './run-almanac.js'

const [C, F, V, LAYERS, T, B] = [32, 48, 100, 2, 16, 2]
/** Two query heads share the keys and values of one. */
const KV = C / 2
const TINY =
  `profile --hidden ${C} --layers ${LAYERS} --heads 2 --kv-heads 1 --ffn ${F} --vocab-size ${V} --tokens ${T} --batch ${B} --steps 2 --threads 2`.split(
    ' ',
  )

/** 2 M N K of every product: projections, feed-forward and head. */
const productFlops = (rows: number, headRows: number): number =>
  2 * rows * LAYERS * (2 * C * C + 2 * C * KV + 3 * C * F) + 2 * headRows * C * V
/** What products add to before they store: two residuals a layer; going back, the sums of three gradients and of two. */
const [FORWARD_SUMS, BACKWARD_SUMS] = [2, 3]
const sumFlops = (rows: number, sums: number): number => rows * LAYERS * sums * C
/** A prompt needs the logits of its last token alone; a gradient is two products for each one. */
const EXPECTED = {
  prefill: { launches: 7 * LAYERS + 1, flops: productFlops(T, 1) + sumFlops(T, FORWARD_SUMS) },
  decode: { launches: 7 * LAYERS + 1, flops: productFlops(1, 1) + sumFlops(1, FORWARD_SUMS) },
  train: {
    launches: 3 * (7 * LAYERS + 1),
    flops: 3 * productFlops(B * T, B * T) + sumFlops(B * T, FORWARD_SUMS + BACKWARD_SUMS),
  },
}
const PHASES = Object.keys(EXPECTED) as (keyof typeof EXPECTED)[]

interface Row {
  readonly name: string
  readonly launches: number
  readonly milliseconds: number
  readonly bytes: number
  readonly flops: number
  readonly ofPeak: number
}

interface PhaseLine {
  readonly phase: keyof typeof EXPECTED
  readonly rows: readonly Row[]
  readonly [figure: string]: unknown
}

const phaseLines = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PhaseLine)

interface TraceEvent {
  readonly ph: 'X' | 'M'
  readonly name: string
  readonly cat?: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur: number
  readonly args: { readonly name?: string; readonly kernel?: string }
}

describe('almanac profile', () => {
  test('--json gives an object a phase, with the FLOPs of every product', async () => {
    const { code, stdout, stderr } = await runAlmanac([...TINY, '--json'])
    expect([code, stderr]).toEqual([0, ''])
    const lines = phaseLines(stdout)
    expect(lines.map(({ phase }) => phase)).toEqual(PHASES)
    for (const line of lines) {
      const { phase, rows } = line
      expect(line).toMatchObject({ tokens: T, quantize: null, backend: 'wasm', threads: 2, by: 'op' })
      expect(line['batch']).toBe(phase === 'train' ? B : undefined)
      const positive = 'milliseconds tokensPerSecond kernelMilliseconds liveBytes temporaryBytes'.split(' ')
      for (const figure of positive) expect(line[figure], figure).toBeGreaterThan(0)
      expect(line['idleMilliseconds']).toBeGreaterThanOrEqual(0)
      const products = rows.find(({ name }) => name === 'matmul')
      expect(products).toMatchObject(EXPECTED[phase])
      expect(products?.milliseconds).toBeGreaterThan(0)
      for (const { name, launches, milliseconds, bytes, ofPeak } of rows) {
        expect(launches, name).toBeGreaterThan(0)
        expect(milliseconds, name).toBeGreaterThanOrEqual(0)
        expect(bytes, name).toBeGreaterThan(0)
        expect(ofPeak, name).toBeGreaterThanOrEqual(0)
      }
      const sum = rows.reduce((total, { milliseconds }) => total + milliseconds, 0)
      expect(sum).toBeCloseTo(line['kernelMilliseconds'] as number, 6)
      const names = rows.map(({ name }) => name)
      expect(names).toEqual(expect.arrayContaining(['matmul', 'flashAttention', 'rmsNorm', 'swiglu', 'rope']))
      expect(names.includes('adamwStep')).toBe(phase === 'train')
      expect(names.includes('scatter')).toBe(phase !== 'train')
    }
    const [prefill, decode, train] = lines as [PhaseLine, PhaseLine, PhaseLine]
    // Keys and values of the cache against two moments of every parameter.
    expect(train['liveBytes']).toBeGreaterThan(prefill['liveBytes'] as number)
    expect(decode['temporaryBytes']).toBeLessThan(prefill['temporaryBytes'] as number)
    expect(prefill['temporaryBytes']).toBeLessThan(train['temporaryBytes'] as number)
  })

  test('prints a table a phase and writes one trace of all', async () => {
    const file = join(temporaryFolder(), 'trace.json')
    const { code, stdout, stderr } = await runAlmanac([...TINY, '--by', 'module', '--trace', file])
    expect([code, stderr]).toEqual([0, ''])
    const [head, ...blocks] = stdout.trim().split('\n\n')
    expect(head).toBe(
      'Llama of 18.7k parameters: hidden 32, 2 layers, 2 heads (1 of keys and values), ffn 48, vocabulary 100',
    )
    expect(blocks.pop()).toBe(`next: open ${file} at https://ui.perfetto.dev or chrome://tracing`)
    expect(blocks.map((block) => block.split('\n')[0])).toEqual([
      'prefill: a prompt of 16 tokens',
      'decode: one token, after 15 others',
      'train: one update on 2 x 16 tokens',
    ])
    for (const [i, block] of blocks.entries()) {
      const [, machine, columns, ...rows] = block.split('\n')
      const last = rows.pop()
      expect(machine).toMatch(/^wasm, 2 threads: \d+\.\d\d ms; peak \d+\.\d GFLOP\/s and \d+\.\d GB\/s$/)
      expect(columns).toMatch(/^module +launches +ms +% +bytes +FLOP +GB\/s +GFLOP\/s +of peak$/)
      expect(rows.at(-1)).toMatch(/^\(no kernel\) +\d+\.\d+ +\d+\.\d$/)
      const up = rows.find((row) => row.startsWith('model.layers.*.mlp.up_proj '))
      expect(up).toMatch(/^\S+ +2 +\d+\.\d+ +\d+\.\d +\d+(\.\d+)? k +\d+(\.\d+)? [kM] +\d+\.\d +\d+\.\d +\d+ %$/)
      const gradients = rows.filter((row) => row.startsWith('model.layers.*.mlp.up_proj, gradient '))
      expect(gradients).toHaveLength(i === 2 ? 1 : 0)
      expect(last).toMatch(
        /^[\d,.]+ tokens\/s, \d+\.\d\d ms a step; memory: \d+\.\d [KM]iB live \(.*\), \d+\.\d [KM]iB temporaries$/,
      )
    }

    const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: TraceEvent[] }
    expect([...new Set(traceEvents.map(({ pid }) => pid))]).toEqual([1, 2, 3])
    for (const [i, name] of PHASES.entries()) {
      const own = traceEvents.filter(({ pid }) => pid === i + 1)
      expect(own.find((event) => event.name === 'process_name')?.args.name).toBe(name)
      const [phase, ...others] = own.filter(({ cat }) => cat === 'phase')
      expect([phase?.name, phase?.ts, others]).toEqual([name, 0, []])
      const kernels = own.filter(({ cat }) => cat === 'wasm')
      expect(kernels.length).toBeGreaterThan(EXPECTED[name].launches)
      for (const { ts, dur, tid, args } of kernels) {
        expect(args.kernel).toBeTruthy()
        expect([0, 1]).toContain(tid)
        expect(Math.min(ts, dur)).toBeGreaterThanOrEqual(0)
        expect(ts + dur).toBeLessThanOrEqual((phase as TraceEvent).dur)
      }
    }
  })

  test.for(['q8_0', 'q4_0'])('measures a checkpoint with %s weights, without training it', async (format, context) => {
    const checkpoint = sharedData('stories260K.bin')
    const tokenizer = sharedData('tok512.bin')
    if (!checkpoint || !tokenizer) return context.skip('needs ../shared/data/stories260K.bin and tok512.bin')
    const args = `--tokens 8 --steps 1 --threads 1 --quantize ${format} --by kernel --json`.split(' ')
    const files = ['--checkpoint', checkpoint, '--tokenizer', tokenizer]
    const { code, stdout, stderr } = await runAlmanac(['profile', ...files, ...args])
    expect([code, stderr]).toEqual([0, ''])
    const lines = phaseLines(stdout)
    expect(lines.map(({ phase }) => phase)).toEqual(['prefill', 'decode'])
    for (const line of lines) {
      expect(line).toMatchObject({ quantize: format, threads: 1, by: 'kernel' })
      expect(line.rows.find(({ name }) => name === 'blockMatmul')?.flops).toBeGreaterThan(0)
    }
    const long = await runAlmanac(['profile', ...files, '--tokens', '513'])
    expect([long.code, long.stderr]).toEqual([
      2,
      "almanac: profile: expected --tokens as a whole number from 1 to 512, got '513'.\n",
    ])
  })

  test.each([
    [['--what', 'everything'], "profile: expected --what prefill, decode or train, got 'everything'."],
    [['--by', 'layer'], "profile: expected --by op, module or kernel, got 'layer'."],
    [['--quantize', 'int4'], "profile: expected --quantize q8_0 or q4_0, got 'int4'."],
    [
      ['--quantize', 'q8_0', '--what', 'train'],
      'profile: expected --what prefill or decode with --quantize, got train. Packed weights are not trained.',
    ],
    [['--tokens', '0'], "profile: expected --tokens as a whole number of 1 or more, got '0'."],
    [['--threads', '99'], "profile: expected --threads as a whole number from 1 to 16, got '99'."],
    [['--heads', '4', '--kv-heads', '3'], 'profile: expected --heads as a multiple of --kv-heads 3, got 4.'],
    [['--hidden', '20'], 'profile: expected --hidden as a multiple of twice --heads 4, got 20.'],
    [
      ['--checkpoint', 'x', '--layers', '2'],
      'profile: expected --checkpoint or --layers, got both. The checkpoint has its own sizes.',
    ],
    [['--tokenizer', 'x'], 'profile: expected --checkpoint with --tokenizer, got none. Random weights need neither.'],
    [
      ['--checkpoint', '/nowhere/model.bin'],
      'profile: expected a readable file for --checkpoint, got no such file: /nowhere/model.bin. Check the path.',
    ],
    [['--trace', '.'], 'profile: expected a writable file for --trace, got a folder: .. Check the path.'],
    [
      ['--trace', '/nowhere/trace.json'],
      'profile: expected a writable file for --trace, got no such folder: /nowhere/trace.json. Check the path.',
    ],
  ])('%j is one line', async (args, line) => {
    const { code, stdout, stderr } = await runAlmanac(['profile', ...args])
    expect(stderr).toBe(`almanac: ${line}\n`)
    expect([code, stdout]).toEqual([2, ''])
  })
})
