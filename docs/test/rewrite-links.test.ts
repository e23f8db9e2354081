import { expect, test } from 'vitest'
import { rewriteLinks } from '../src/rewrite-links.js'

const pages = new Map([
  ['README.md', 'index'],
  ['packages/attention/README.md', 'packages/attention'],
  ['ARCHITECTURE.md', 'architecture'],
])
const rewrite = (markdown: string, file = 'packages/training/README.md') => rewriteLinks(markdown, file, pages)

test('links between files become links between pages, anchors kept', () => {
  expect(rewrite('see [layers](../../ARCHITECTURE.md#layers).')).toBe('see [layers](/architecture#layers).')
  expect(rewrite('[home](../../README.md)')).toBe('[home](/)')
})

test('a folder leads to the page of its README', () => {
  expect(rewrite('[attention](../attention)')).toBe('[attention](/packages/attention)')
  expect(rewrite('[attention](packages/attention/)', 'README.md')).toBe('[attention](/packages/attention)')
})

test('a link to a file that is no page becomes its text', () => {
  expect(rewrite('the [table](../../internal/tolerances.ts) of')).toBe('the table of')
})

test('addresses, anchors, pictures and code stay', () => {
  for (const same of [
    '[paper](https://arxiv.org/abs/1706.03762)',
    '[below](#limits)',
    '[page](/log)',
    '![plot](plot.png)',
    'an index `x[i](y)` in code',
    '```ts\nconst f = table[0](../x)\n```\n',
  ]) {
    expect(rewrite(same)).toBe(same)
  }
})
