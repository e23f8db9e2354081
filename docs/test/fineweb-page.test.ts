import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Results } from '../../experiments/fineweb/src/results.js'
import { finewebPage, makeFinewebPage } from '../src/experiments/fineweb-page.js'
import { intervalPlot } from '../src/experiments/interval-plot.js'

const root = join(import.meta.dirname, '../..')
const results = JSON.parse(readFileSync(join(root, 'experiments/fineweb/results.json'), 'utf8')) as Results
const page = makeFinewebPage(root)

test('every number of the page is that of the results', () => {
  for (const { name, documents, bitsPerByte, runs } of results.arms) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${name} |`)) ?? ''
    expect(row).toContain(`| ${documents} |`)
    expect(row).toContain(`| ${Number(bitsPerByte.toFixed(4))} |`)
    for (const score of runs) expect(row).toContain(score.bitsPerByte.toFixed(4))
  }
  for (const { rule, documents } of results.removals) expect(page).toContain(`| ${rule} | ${documents} |`)
  for (const { kind, documents, keptDocuments } of results.kinds) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${kind} | ${documents} |`))
    expect(row).toContain(`| ${keptDocuments} |`)
  }
  for (const { arm, minus, bitsPerByte } of results.differences) {
    const sentence = page.split('\n').find((line) => line.startsWith(`- **${arm}** `) && line.includes(`**${minus}**`))
    for (const value of [bitsPerByte.mean, bitsPerByte.low, bitsPerByte.high]) {
      expect(sentence).toContain(Math.abs(value).toFixed(4))
    }
  }
  for (const part of [results.date, results.machine, `\`${results.command}\``]) expect(page).toContain(part)
  expect(page.match(/<circle/g)).toHaveLength(results.differences.length)
  expect(page).not.toMatch(/NaN|undefined/)
})

test('the results are those of a whole run: an interval of four runs an arm', () => {
  expect(results.arms.map(({ name }) => name)).toEqual(expect.arrayContaining(['raw', 'filtered', 'thinned']))
  for (const { runs } of results.arms) expect(runs).toHaveLength(results.seeds.length * results.subsets)
})

test('the words follow the intervals', () => {
  const say = (low: number, high: number) => {
    const [first, ...others] = results.differences as [Results['differences'][number]]
    const bitsPerByte = { mean: (low + high) / 2, low, high }
    return finewebPage({
      ...results,
      differences: [{ ...first, arm: 'filtered', minus: 'raw', bitsPerByte }, ...others],
    })
  }
  expect(say(-0.2, -0.1)).toContain('- **filtered** is better than **raw**: -0.1500 bits a byte')
  expect(say(-0.2, -0.1)).toContain("**The paper's claim showed here")
  expect(say(0.1, 0.2)).toContain('- **filtered** is worse than **raw**')
  expect(say(-0.1, 0.2)).toContain('- **filtered** is not told apart from **raw**')
  expect(say(-0.1, 0.2)).toContain('neither showed nor failed here')
})

test('the words on the cloze test follow its scores', () => {
  const say = (cloze: number) => finewebPage({ ...results, arms: results.arms.map((arm) => ({ ...arm, cloze })) })
  expect(say(0.26)).toContain('No arm does better than chance')
  expect(say(0.5)).toContain(`Better than chance: ${results.arms.map(({ name }) => name).join(', ')}.`)
})

test('the plot has a bar a row and shows zero, wherever the intervals are', () => {
  const row = { name: 'a − b', mean: -0.3, low: -0.4, high: -0.2, colour: '#000' }
  const svg = intervalPlot('title', 'axis', [row, { ...row, name: 'c − d' }])
  expect(svg.match(/<circle/g)).toHaveLength(2)
  expect(svg).toContain('>0</text>')
  expect(svg.match(/stroke-width="3"/g)).toHaveLength(2)
})
