import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { assertClose, toleranceFor } from '@almanac/test-kit'
import { useSwiftShader } from '@almanac/test-kit/swiftshader'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { built, runAlmanac, startAlmanac, temporaryFolder } from './run-almanac.js'
import { smallRun, textFile } from './small-run.js'

const driver = useSwiftShader()
const NO_DRIVER = { VK_ICD_FILENAMES: '/nowhere/icd.json', VK_DRIVER_FILES: '/nowhere/icd.json' }
const NO_ADAPTER =
  'almanac: webgpu: expected a GPU adapter, got none. In Node, Dawn needs a Vulkan, Metal or Direct3D 12 driver; on Linux, VK_ICD_FILENAMES can name one. The wasm backend needs none.\n'

/** Losses, norms of gradients and held-out losses of a run, by name. */
function figuresOf(folder: string): { readonly names: readonly string[]; readonly values: readonly number[] } {
  const events = readFileSync(join(folder, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const figures = events.flatMap(({ type, step, loss, gradientNorm, evaluation }): [string, number][] =>
    type === 'step'
      ? [
          [`loss ${step}`, loss],
          [`norm ${step}`, gradientNorm],
        ]
      : type === 'evaluation'
        ? [[`held-out ${step}`, evaluation.nats]]
        : [],
  )
  return { names: figures.map(([name]) => name), values: figures.map(([, value]) => value) }
}

describe('--backend webgpu', () => {
  test('the demo trains as on wasm and serves', { timeout: 300_000 }, async (context) => {
    if ('missing' in driver) return context.skip(`WebGPU on SwiftShader: ${driver.missing}`)
    const [text, wasm, webgpu] = [textFile(1800), temporaryFolder(), temporaryFolder()]
    const demo = (folder: string, backend: string, ...more: string[]) => [
      ...`demo --text ${text} --out ${folder} --backend ${backend} --vocab-size 300`.split(' '),
      ...'--steps 3 --batch 1 --context 48'.split(' '),
      ...more,
    ]
    const { code, stderr } = await runAlmanac(demo(wasm, 'wasm', '--no-serve'))
    expect(code, stderr).toBe(0)

    const server = await startAlmanac(demo(webgpu, 'webgpu', '--port', '0'), driver.environment)
    try {
      const [expected, actual] = [figuresOf(wasm), figuresOf(webgpu)]
      expect(actual.names).toEqual(expected.names)
      expect(actual.names).toHaveLength(9)
      assertClose(actual.values, expected.values, toleranceFor('float32', 'fused'))

      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 })
      const answer = await client.chat.completions.create({
        model: basename(webgpu),
        messages: [{ role: 'user', content: 'the river' }],
        max_tokens: 4,
        temperature: 0,
      })
      expect(answer.choices[0]?.finish_reason).toBe('length')
      expect(answer.choices[0]?.message.content).not.toBe('')
      expect(answer.usage?.completion_tokens).toBe(4)
    } finally {
      expect(await server.stop()).toBe(0)
    }
  })

  test('profile shows its table, or says in a line that times cannot be taken', {
    timeout: 120_000,
  }, async (context) => {
    if ('missing' in driver) return context.skip(`WebGPU on SwiftShader: ${driver.missing}`)
    const args = 'profile --backend webgpu --what decode --steps 1 --tokens 8 --hidden 32 --layers 1 --heads 2 --ffn 64'
    const { code, stdout, stderr } = await runAlmanac(args.split(' '), undefined, driver.environment)
    // Taking times needs timestamp queries, which an adapter may lack.
    if (code === 1) {
      expect(stderr).toMatch(/^almanac: profile: expected a backend that takes times \(.*\), got webgpu\. .+\.\n$/)
      expect(stdout).toBe('')
    } else {
      expect(code, stderr).toBe(0)
      expect(stdout).toMatch(/\nwebgpu, 1 thread: \d+\.\d+ ms; peak \d+\.\d GFLOP\/s and \d+\.\d GB\/s\nop +launches/)
      expect(stdout).toMatch(/\nmatmul +\d+ /)
    }
  })

  test('without an adapter, one line says what is needed', async () => {
    const { code, stderr } = await runAlmanac(['profile', '--backend', 'webgpu'], undefined, NO_DRIVER)
    // Dawn itself may warn before that Vulkan cannot be loaded.
    expect(stderr.endsWith(NO_ADAPTER), stderr).toBe(true)
    expect(code).toBe(1)
  })

  test('auto takes the next best and says why', async () => {
    const folder = temporaryFolder()
    const { code, stderr } = await runAlmanac(
      [...smallRun(textFile(), folder, 2), '--backend', 'auto'],
      undefined,
      NO_DRIVER,
    )
    expect(code, stderr).toBe(0)
    expect(stderr).toContain(
      'backend: wasm, the best that works here; webgpu does not work here (webgpu: expected a GPU adapter, got none.',
    )
  })

  test('where the package is not installed, one line says how to get it', async () => {
    const script = await built()
    // Outside of the repository nothing is found by name.
    const elsewhere = join(temporaryFolder(), 'almanac')
    cpSync(dirname(script), elsewhere, { recursive: true })
    const args = [join(elsewhere, basename(script)), 'profile', '--backend', 'webgpu']
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(stderr).toMatch(
      /^almanac: webgpu: expected WebGPU in this environment, got no navigator\.gpu, and the npm package `webgpu` does not load \(.*Cannot find package 'webgpu'[\s\S]*\)\. Install it \(npm install webgpu\), or use the wasm backend\.\n$/,
    )
    expect(status).toBe(1)
  })
})
