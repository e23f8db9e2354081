import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sharedData } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { runAlmanac, temporaryFolder } from './run-almanac.js'
import { LASTING_FILES, smallRun, textFile } from './small-run.js'

const checkpoint = sharedData('stories260K.bin')
const tokenizer = sharedData('tok512.bin')
const MISSING = 'needs ../shared/data/stories260K.bin and tok512.bin'

/** Everything that a finished run leaves. */
/** What llama2.c's run prints for this model at temperature 0 begins with this. */
const TEXT =
  'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.\n'

describe('almanac generate', () => {
  test('prints the golden text and nothing else on standard output', async (context) => {
    if (!checkpoint || !tokenizer) return context.skip(MISSING)
    const args = [
      'generate',
      '--checkpoint',
      checkpoint,
      '--tokenizer',
      tokenizer,
      '--temperature',
      '0',
      '--max-tokens',
      '199',
    ]
    const runs = await Promise.all([runAlmanac([...args, '--threads', '1']), runAlmanac([...args, '--threads', '2'])])
    for (const { code, stdout, stderr } of runs) {
      expect(stderr).toBe('')
      expect(code).toBe(0)
      expect(stdout.startsWith(TEXT)).toBe(true)
    }
    expect(runs[0]?.stdout).toBe(runs[1]?.stdout)
  })

  test('with Q8_0 weights the first sentence agrees', async (context) => {
    if (!checkpoint || !tokenizer) return context.skip(MISSING)
    const { stdout } = await runAlmanac([
      'generate',
      '--checkpoint',
      checkpoint,
      '--tokenizer',
      tokenizer,
      '--temperature',
      '0',
      '--max-tokens',
      '20',
      '--quantize',
      'q8_0',
    ])
    expect(stdout.startsWith('Once upon a time, there was a little girl named Lily.')).toBe(true)
  })

  test('a truncated checkpoint is one line that says what to do', async (context) => {
    if (!checkpoint || !tokenizer) return context.skip(MISSING)
    const file = join(temporaryFolder(), 'cut.bin')
    writeFileSync(file, readFileSync(checkpoint))
    truncateSync(file, 500_000)
    const { code, stdout, stderr } = await runAlmanac(['generate', '--checkpoint', file, '--tokenizer', tokenizer])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toBe(
      `almanac: ${file}: expected 1056540 bytes for these sizes, got 500000. The file is truncated.\n`,
    )
  })
})

describe('mistakes on the command line', () => {
  test.each([
    [
      ['frobnicate'],
      `almanac: expected a command (demo, filter, pretrain, tokenize, serve, generate, profile, reproduce), got 'frobnicate'. See "almanac --help".\n`,
    ],
    [
      ['generate'],
      'almanac: generate: expected --checkpoint, got none. Name a llama2.c file or a folder written by "almanac pretrain".\n',
    ],
    [
      ['generate', '--checkpoint', '/nowhere/model.bin'],
      'almanac: generate: expected a readable file for --checkpoint, got no such file: /nowhere/model.bin. Check the path.\n',
    ],
    [
      ['generate', '--checkpoint', 'x', '--temperature', 'hot'],
      "almanac: generate: expected --temperature as a number of 0 or more, got 'hot'.\n",
    ],
    [
      ['generate', '--checkpoint', 'x', '--backend', 'cuda'],
      "almanac: generate: expected --backend wasm, webgpu, auto or cpu, got 'cuda'.\n",
    ],
    [['pretrain'], 'almanac: pretrain: expected --out, got none. Name the folder for the checkpoint.\n'],
    [
      ['pretrain', '--out', 'x', '--heads', '3'],
      'almanac: pretrain: expected --hidden as a multiple of twice --heads 3, got 128.\n',
    ],
    [
      ['pretrain', '--out', 'x', '--text', '/nowhere.txt'],
      'almanac: pretrain: expected a readable file for --text, got no such file: /nowhere.txt. Check the path.\n',
    ],
    [['demo', '--steps', '1.5'], "almanac: demo: expected --steps as a whole number of 1 or more, got '1.5'.\n"],
  ])('%j', async (args, line) => {
    const { code, stdout, stderr } = await runAlmanac(args)
    expect(stderr).toBe(line)
    expect([code, stdout]).toEqual([2, ''])
  })

  test('an unknown flag names the known ones', async () => {
    const { code, stderr } = await runAlmanac(['demo', '--nope'])
    expect(code).toBe(2)
    expect(stderr).toBe(
      `almanac: demo: Unknown option '--nope'. Expected --out, --text, --vocab-size, --steps, --batch, --context, --fresh, --backend, --threads, --port, --no-serve, --help; see "almanac demo --help".\n`,
    )
  })
})

describe('almanac pretrain', () => {
  test('killed and started again it ends with the same losses, bit for bit', async () => {
    const file = textFile()
    const whole = JSON.parse((await runAlmanac(smallRun(file, temporaryFolder(), 400))).stdout)
    const out = temporaryFolder()
    const killed = await runAlmanac(smallRun(file, out, 400), (child) => {
      const timer = setInterval(() => {
        if (!existsSync(join(out, 'checkpoint.safetensors'))) return
        clearInterval(timer)
        setTimeout(() => child.kill('SIGKILL'), 150)
      }, 10)
    })
    expect(killed.signal).toBe('SIGKILL')
    const resumed = await runAlmanac(smallRun(file, out, 400))
    expect(resumed.stderr).toContain('going on from the checkpoint of step')
    const result = JSON.parse(resumed.stdout)
    expect(result.resumedFrom).toBeGreaterThan(0)
    expect(result.losses).toEqual(whole.losses)
    expect(result.heldOut).toEqual(whole.heldOut)
    expect(readdirSync(out).sort()).toEqual([...LASTING_FILES, 'log.jsonl'].sort())
    expect(result.comparison.tokens).toBeGreaterThan(0)
    // The folder is a model that generate takes.
    const { stdout, code } = await runAlmanac([
      'generate',
      '--checkpoint',
      out,
      '--prompt',
      'the quick',
      '--temperature',
      '0',
      '--max-tokens',
      '10',
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^the quick[a-z .\n]{5,}$/)
  })

  test('Ctrl-C writes a checkpoint and ends with 130', async () => {
    const out = temporaryFolder()
    const { code, stderr } = await runAlmanac(smallRun(textFile(), out, 5000), (child, errors) => {
      const timer = setInterval(() => {
        if (!errors().includes('step')) return
        clearInterval(timer)
        child.kill('SIGINT')
      }, 20)
    })
    expect(code).toBe(130)
    expect(stderr).toContain('stopping: writing a checkpoint')
    expect(existsSync(join(out, 'checkpoint.safetensors'))).toBe(true)
  })

  test('another model in the same folder is refused with what to do', async () => {
    const [file, out] = [textFile(), temporaryFolder()]
    await runAlmanac(smallRun(file, out, 5))
    const { code, stderr } = await runAlmanac([...smallRun(file, out, 5), '--hidden', '16'])
    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(/^almanac: .*expected .* got .*/)
  })
})
