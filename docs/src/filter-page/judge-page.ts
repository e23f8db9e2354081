import { applyFilters, type ProfileName } from '@almanac/data-filter'
import { type Extraction, type ExtractorName, extractDocument } from '@almanac/data-filter/html'
import { languageFilter, openEld } from '@almanac/data-filter/language'
import type { RuleSet } from './decide.js'
import { markLines } from './line-marks.js'
import { ofProfiles, profileFilters, ruleSets } from './profile-filters.js'
import type { Answer, Judgement } from './protocol.js'

/** What is shown of a text: more would take the page longer to lay out than the filters to read. */
const SHOWN_LINES = 500
const SHOWN_CHARACTERS = 40_000

/** Takes the text out of a page and measures it with the filters of every profile. */
export type JudgePage = (html: string, extractor: ExtractorName) => Answer

/** Makes what judges pages, with the smallest tables of languages: a megabyte that is loaded here. */
export async function openJudge(): Promise<JudgePage> {
  const identifier = await openEld({ size: 'extrasmall' })
  const profiles = ofProfiles((name) => {
    const filters = [languageFilter({ identifier, languages: ['en'], profile: name }), ...profileFilters(name)]
    return { rules: ruleSets(filters), take: applyFilters(filters, { all: true }) }
  })
  return (html, extractor) => judgePage(html, extractor, profiles)
}

type Profiles = Readonly<
  Record<ProfileName, { readonly rules: readonly RuleSet[]; readonly take: ReturnType<typeof applyFilters> }>
>

function judgePage(html: string, extractor: ExtractorName, profiles: Profiles): Answer {
  const began = performance.now()
  const extraction = extractDocument(html, { extractor })
  const extracted = performance.now()
  if (extraction.outcome !== 'text') return refusal(html, extraction)
  const { text, title = '' } = extraction
  const statistics = ofProfiles((name) => profiles[name].take({ id: 'page', text, metadata: {} }).statistics)
  const measured = performance.now()
  const marked = markLines(text)
  const judgement: Judgement = {
    title,
    characters: text.length,
    ...shownOf(marked),
    removedLines: marked.filter(({ removed }) => removed !== null).length,
    filters: ofProfiles((name) => profiles[name].rules),
    statistics,
    extractMs: extracted - began,
    measureMs: measured - extracted,
  }
  return { type: 'judged', judgement }
}

function shownOf(marked: ReturnType<typeof markLines>): Pick<Judgement, 'lines' | 'moreLines'> {
  const lines: typeof marked = []
  let left = SHOWN_CHARACTERS
  for (const line of marked.slice(0, SHOWN_LINES)) {
    if (left <= 0) break
    lines.push(line.text.length <= left ? line : { ...line, text: `${line.text.slice(0, left)} ...` })
    left -= line.text.length
  }
  return { lines, moreLines: marked.length - lines.length }
}

function refusal(html: string, { outcome, reason }: Exclude<Extraction, { outcome: 'text' }>): Answer {
  switch (outcome) {
    case 'empty':
      return html.trim() === ''
        ? { type: 'refused', what: 'There is no page yet.', todo: 'Paste the HTML of one, or pick an example.' }
        : {
            type: 'refused',
            what: 'The extractor found no main content in this page.',
            todo: 'FineWeb would drop it here. Try the other extractor, or a page with more text.',
          }
    case 'too-deep':
    case 'too-large':
      return {
        type: 'refused',
        what: `The page was refused before it was read: it has ${reason}.`,
        todo: 'Such a page is counted and dropped. Paste a smaller one.',
      }
    case 'error':
      return { type: 'refused', what: `The extractor failed: ${reason}`, todo: 'Try the other extractor.' }
  }
}
