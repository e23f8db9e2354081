import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { useSwiftShader } from '@almanac/test-kit/swiftshader'
import { build } from 'esbuild'
import { afterAll, expect, test } from 'vitest'

const bench = resolve(import.meta.dirname, '..')
const folder = join(bench, '.test-bundles', `webgpu-${process.pid}`)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs `bench -- webgpu` from the sources of all packages; its processes lie where a build has them. */
async function runWebGpu(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const entry = (name: string) => [name, join(bench, 'src', `${name}.ts`)]
  await build({
    entryPoints: Object.fromEntries([entry('webgpu'), entry('processes/workload')]),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@almanac/source'],
    external: ['webgpu'],
    logLevel: 'error',
  })
  const child = spawn(process.execPath, [join(folder, 'webgpu.js'), ...args], {
    cwd: resolve(bench, '..'),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 240_000,
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (piece: Buffer) => {
    stdout += piece.toString()
  })
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString()
  })
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })))
}

test('every case gives its row at the smallest sizes', { timeout: 300_000 }, async (context) => {
  const driver = useSwiftShader()
  if ('missing' in driver) return context.skip(`WebGPU on SwiftShader: ${driver.missing}`)
  const { code, stdout, stderr } = await runWebGpu('--quick --rounds 1 --sizes 32 --memory 8 --json'.split(' '))
  expect(code, stderr).toBe(0)
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string | number>)
  const of = (table: string, ...columns: string[]) =>
    rows.filter((row) => row['table'] === table).map((row) => columns.map((column) => row[column]))
  expect(of('Left out', 'case', 'reason')).toEqual([])
  expect(of('Memory bandwidth of the GPU', 'probe').slice(0, 2)).toEqual([['reading'], ['copying, read and written']])
  const ours = (values: unknown[][]) =>
    values.filter(([system]) => system === 'almanac webgpu').map(([, ...rest]) => rest)
  for (const dtype of ['float32', 'float16']) {
    expect(ours(of(`Square ${dtype} products`, 'system', 'size'))).toEqual([[32]])
  }
  expect(ours(of('The training step of a Llama', 'system', 'batch', 'time'))).toEqual([[1, 16]])
  expect(ours(of('Prefill and decoding at batch 1, tokens a second', 'system', 'model', 'format'))).toEqual([
    ['tiny', 'f16'],
    ['tiny', 'q8_0'],
  ])
  const figures = 'gigabytesPerSecond tflops seconds tokensPerSecond prefill decode readGigabytesPerSecond'.split(' ')
  for (const row of rows) {
    for (const figure of figures) if (figure in row) expect(row[figure], JSON.stringify(row)).toBeGreaterThan(0)
  }
  expect(stderr).toContain('the figures mean nothing')
  expect(stderr).toContain('memory: 8.0 GiB may be taken (--memory)')
  expect(stderr).not.toContain('written:')
})
