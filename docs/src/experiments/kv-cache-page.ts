import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Results, VariantResult } from '../../../experiments/kv-cache/src/results.js'
import { markdownTable } from '../benchmarks/markdown-table.js'
import { scatterPlot } from './scatter-plot.js'

/** Told apart by people who see colours differently, too (Okabe and Ito). */
const [HEADS, LATENT] = ['#0072b2', '#d55e00']

const half = ({ difference }: VariantResult): number => (difference ? (difference.high - difference.low) / 2 : 0)

/** What the figures say, in words that they decide. */
function verdict(variants: readonly VariantResult[]): string[] {
  return variants.flatMap(({ name, difference }) => {
    if (!difference) return []
    const { mean, low, high } = difference
    const interval = `${mean >= 0 ? '+' : ''}${mean.toFixed(4)} bits a byte, 95 % interval ${low.toFixed(4)} to ${high.toFixed(4)}`
    const sure = low > 0 ? 'worse than the first' : high < 0 ? 'better than the first' : 'not told apart from the first'
    return [`- **${name}**: ${sure} (${interval}).`]
  })
}

/** The page of a run's results. */
export function kvCachePage({ variants, ...run }: Results): string {
  const plot = scatterPlot(
    'Bits a byte on held-out text over the bytes that a token takes in the cache',
    { x: 'bytes a token in the cache (float32)', y: 'bits a byte, held out' },
    variants.map((one) => ({
      name: one.name,
      x: one.bytesPerToken,
      y: one.mean,
      low: one.mean - half(one),
      high: one.mean + half(one),
      colour: one.name.startsWith('MLA') ? (LATENT as string) : (HEADS as string),
    })),
  )
  const rows = variants.map(({ name, parameters, feedForward, bytesPerToken, bitsPerByte, mean, difference }) => ({
    attention: name,
    parameters,
    feedForward,
    bytesPerToken,
    bitsPerByte: Number(mean.toFixed(4)),
    seeds: bitsPerByte.map((score) => score.toFixed(4)).join(' '),
    difference: difference
      ? `${difference.mean.toFixed(4)} (${difference.low.toFixed(4)} to ${difference.high.toFixed(4)})`
      : '',
  }))
  return [
    '# What a smaller cache costs',
    'Multi-head attention keeps keys and values of every head. Grouped-query attention (Ainslie et al. 2023) shares them among heads; multi-head latent attention (DeepSeek-AI 2024) keeps one latent vector for all heads and makes keys and values of it. Here small decoders that differ in nothing else are trained on the same text from the same seeds, with feed-forwards that give all of them the same number of parameters.',
    plot,
    'Bars are 95 % intervals of the difference from the first, taken seed by seed (Student’s t).',
    verdict(variants).join('\n'),
    markdownTable(rows),
    `${run.date}; ${run.text}; ${run.steps} updates of ${run.tokensPerStep} tokens a run, seeds ${run.seeds.join(', ')}; ${run.machine}; ${run.minutes} minutes in all. Bytes a token are what the device’s allocator handed out for a cache. Repeat it with \`${run.command}\`.`,
  ].join('\n\n')
}

export const makeKvCachePage = (root: string): string =>
  kvCachePage(JSON.parse(readFileSync(join(root, 'experiments/kv-cache/results.json'), 'utf8')) as Results)
