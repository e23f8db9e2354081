import { extractDocument } from '@almanac/data-filter/html'
import { expect, test } from 'vitest'
import { decide } from '../../src/filter-page/decide.js'
import { judgePage } from '../../src/filter-page/judge-page.js'
import { PAGE_EXAMPLES } from '../../src/filter-page/page-examples.js'
import { PROFILE_NAMES, profileFilters } from '../../src/filter-page/profile-filters.js'

test('x', () => {
  for (const { name, html } of PAGE_EXAMPLES)
    for (const extractor of ['readability', 'density'] as const) {
      const a = judgePage(html, extractor)
      if (a.type !== 'judged') {
        console.log(name, a)
        continue
      }
      console.log(
        name,
        extractor,
        a.judgement.lines.map((l) => (l.removed ?? '') + '|' + l.text.slice(0, 60)).join('\n'),
      )
      for (const p of PROFILE_NAMES) {
        const d = decide(profileFilters(p), a.judgement.statistics[p])
        console.log(p, JSON.stringify(d))
      }
    }
})
