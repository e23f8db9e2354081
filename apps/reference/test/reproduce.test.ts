import { describe, expect, test } from 'vitest'
import { runAlmanac } from './run-almanac.js'

describe('almanac reproduce', () => {
  test.each([
    [
      ['reproduce'],
      'almanac: reproduce: expected a month (june), got none. Write it first: "almanac reproduce june".\n',
    ],
    [
      ['reproduce', '--json'],
      'almanac: reproduce: expected a month (june), got none. Write it first: "almanac reproduce june".\n',
    ],
    [
      ['reproduce', 'may'],
      `almanac: reproduce: expected a month with an experiment (june), got 'may'. The others have none yet; see "almanac reproduce --help".\n`,
    ],
    [
      ['reproduce', 'june', '--steps', '0'],
      "almanac: reproduce: expected --steps as a whole number of 1 or more, got '0'.\n",
    ],
    [
      ['reproduce', 'june', '--arms', 'raw'],
      `almanac: reproduce: Unknown option '--arms'. Expected --steps, --full, --json, --backend, --threads, --help; see "almanac reproduce --help".\n`,
    ],
  ])('%j is refused', async (args, line) => {
    const { code, stdout, stderr } = await runAlmanac(args)
    expect(stderr).toBe(line)
    expect([code, stdout]).toEqual([2, ''])
  })

  test('--full names the whole experiment and runs nothing', async () => {
    const { code, stdout, stderr } = await runAlmanac(['reproduce', 'june', '--full'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^npm run experiment -- fineweb /)
  })

  test('two updates a run give the tables and the sentence about the claim', async () => {
    const { code, stdout, stderr } = await runAlmanac(['reproduce', 'june', '--steps', '2'])
    expect(code).toBe(0)
    expect(stderr).toContain('a short version: 12 runs of 2 updates; the whole of it: npm run experiment -- fineweb')
    expect(stderr).toMatch(/thinned, seed 2, subset 2: \d\.\d{4} bits a byte held out/)
    expect(stdout).toMatch(/^what the rules took of \d+ documents, 0\.4\d MB:/)
    expect(stdout).toMatch(/^ {2}MinHash: near-duplicate +\d+ +0\.\d\d +\d+\.\d %$/m)
    for (const arm of ['raw', 'filtered', 'thinned']) expect(stdout).toMatch(new RegExp(`^  ${arm} +\\d+ .* %`, 'm'))
    expect(stdout).toMatch(/^ {2}filtered .*-?\d\.\d{4} \(95 %: -?\d\.\d{4} to -?\d\.\d{4}\)$/m)
    expect(stdout).toMatch(/^ {2}filtered from thinned: [+-]\d\.\d{4} bits a byte, 95 % interval /m)
    expect(stdout).toMatch(/^The paper's claim (showed|did not show|neither showed nor failed) here: .*\)\.$/m)
    expect(stdout).toMatch(
      /speaks of the beginning of training alone; the whole experiment: npm run experiment -- fineweb\n$/,
    )
  }, 240_000)
})
