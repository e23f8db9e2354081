import { expect, test } from 'vitest'
import { filterKillsPage } from '../src/experiments/filter-kills-page.js'

const one = (name: string, documents: number, peakMiB: number, different: readonly string[] | null) => ({
  ...{ name, documents, peakMiB, seconds: 10 },
  stages: [{ name: 'filter', units: 3, milliseconds: 2500 }],
  kills: different && { byStage: { filter: 5 }, total: 5, files: 1200, different },
})

test('the page of a run says what was the same, and what memory did', () => {
  const page = filterKillsPage({
    ...{
      date: '2026-01-01',
      command: 'npm run experiment -- filter-kills',
      machine: 'a machine',
      originals: '91 pages',
    },
    cases: [
      one('crawl of 50', 50, 700, []),
      one('20 texts', 20, 600, null),
      one('200 texts', 200, 660, ['documents/x']),
    ],
  })
  expect(page).toContain('- **crawl of 50**: killed 5 times; 1,200 files, all of them the same, byte for byte.')
  expect(page).toContain('- **200 texts**: killed 5 times; 1,200 files, 1 of them different.')
  expect(page).toContain('At most 600 MiB for 20 texts, 660 MiB for 200: 1.10 times as much for 10 times the texts.')
  expect(page).toContain('`npm run experiment -- filter-kills`')
  expect(page).not.toContain('NaN')
})
