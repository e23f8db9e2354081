import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '@almanac/test-kit'
import { expect, test } from 'vitest'
import { runAlmanac, temporaryFolder } from './run-almanac.js'
import { LASTING_FILES, textFile } from './small-run.js'

/** What must not depend on how often the demo was killed; the log has times in it. */
const KILLS = 20

const digests = (folder: string) =>
  Object.fromEntries(
    LASTING_FILES.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  )

test('killed at 20 random moments it ends with the same files, bit for bit', { timeout: 1_500_000 }, async () => {
  const text = textFile(40_000)
  const demo = (folder: string) =>
    `demo --no-serve --text ${text} --vocab-size 300 --steps 36 --out ${folder}`.split(' ')
  const first = temporaryFolder()
  const begun = performance.now()
  const whole = await runAlmanac(demo(first))
  const duration = performance.now() - begun
  expect(whole.code, whole.stderr).toBe(0)
  const expected = digests(first)

  const random = seededRandom(11)
  const phases: Record<string, number> = {}
  let kills = 0
  for (let folder = temporaryFolder(); kills < KILLS; ) {
    // Over the whole length of a run: before the tokenizer is there, between checkpoints, after the last update.
    const delay = random.uniform(100, duration)
    const run = await runAlmanac(demo(folder), (child) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), delay)
      child.on('close', () => clearTimeout(timer))
    })
    if (run.signal === 'SIGKILL') {
      kills++
      const phase = run.stdout.includes('already trained')
        ? 'after the end'
        : run.stderr.includes('comparing')
          ? 'after the last update'
          : run.stderr.includes('step')
            ? 'in training'
            : 'before training'
      phases[phase] = (phases[phase] ?? 0) + 1
      if (kills < KILLS) continue
    }
    if (run.code !== 0) expect((await runAlmanac(demo(folder))).code).toBe(0)
    expect(digests(folder)).toEqual(expected)
    folder = temporaryFolder()
  }
  console.log(`killed ${kills} times: ${JSON.stringify(phases)}`)
})
