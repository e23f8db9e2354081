import { expect, test } from 'vitest'
import { kvCachePage } from '../src/experiments/kv-cache-page.js'
import { ticks } from '../src/experiments/ticks.js'

const one = (name: string, bytesPerToken: number, mean: number, difference: null | [number, number]) => ({
  ...{ name, bytesPerToken, mean, parameters: 1000, feedForward: 172, bitsPerByte: [mean, mean] },
  difference: difference && { mean: (difference[0] + difference[1]) / 2, low: difference[0], high: difference[1] },
})

test('the page of a run has a point a variant, and says what the intervals say', () => {
  const page = kvCachePage({
    ...{ date: '2026-01-01', command: 'npm run experiment -- kv-cache', text: 'a text', steps: 3, tokensPerStep: 4 },
    ...{ seeds: [1, 2], machine: 'a machine', minutes: 1 },
    variants: [
      one('MHA, 8 heads', 2048, 2, null),
      one('MQA, 1 kv head', 256, 2.1, [0.05, 0.15]),
      one('MLA, 16 + 8', 384, 2.01, [-0.02, 0.04]),
    ],
  })
  expect(page.match(/<circle/g)).toHaveLength(3)
  expect(page).toContain(
    '**MQA, 1 kv head**: worse than the first (+0.1000 bits a byte, 95 % interval 0.0500 to 0.1500).',
  )
  expect(page).toContain('**MLA, 16 + 8**: not told apart from the first')
  expect(page).toContain('`npm run experiment -- kv-cache`')
  expect(page).not.toContain('NaN')
})

test('ticks are round and cover what is shown', () => {
  expect(ticks(1.93, 2.14)).toEqual([1.9, 1.95, 2, 2.05, 2.1, 2.15])
  expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
})
