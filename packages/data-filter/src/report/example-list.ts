import type { Example } from '../pipeline/examples.js'
import type { RunSummary } from '../pipeline/summarise-run.js'
import { escapeBlock, escapeLine } from './escape-text.js'
import { formatCount } from './format-number.js'
import type { RemovalGroup } from './removal-groups.js'

/** UTF-16 units at which examples were cut, at the least: a text that long may go on. */
const CUT = 500

/** A few documents that were kept, and a few of each reason, folded. Texts are the beginnings of the documents as text. */
export function exampleList(summary: RunSummary, groups: readonly RemovalGroup[]): string {
  const { filter, finish } = summary
  const kept = finish.examples['kept'] ?? (finish.records === 0 ? filter.examples['kept'] : undefined)
  const counts: Record<string, number> = {}
  for (const { dropped } of [filter, finish]) {
    for (const [key, { documents }] of Object.entries(dropped)) counts[key] = (counts[key] ?? 0) + documents
  }
  const all = { ...finish.examples, ...filter.examples }
  const { kept: _, ...dropped } = all
  const order = groups.flatMap(({ key, removals }) => removals.map(({ reason }) => `${key}/${reason}`))
  const keys = Object.keys(dropped).sort((a, b) => placeOf(order, a) - placeOf(order, b))
  return [
    ...(kept ? [folded('kept', 'Kept', kept, (finish.records === 0 ? filter : finish).kept.documents)] : []),
    ...keys.map((key) => folded('drop', key, dropped[key] as readonly Example[], counts[key] ?? 0)),
  ].join('')
}

const placeOf = (order: readonly string[], key: string): number => {
  const place = order.indexOf(key)
  return place < 0 ? order.length : place
}

function folded(kind: string, name: string, examples: readonly Example[], of: number): string {
  const some = `${formatCount(examples.length)} of ${formatCount(of)}`
  return [
    `<details class="${kind}"><summary><span class="reason">${escapeLine(name).replaceAll('_', '_<wbr>')}</span>`,
    ` <small>${some}</small></summary>${examples.map(example).join('')}</details>`,
  ].join('')
}

function example({ id, url, text }: Example): string {
  // The cut may have gone through a pair of surrogates.
  const whole = text.length >= CUT ? `${text.replace(/[\ud800-\udbff]$/, '')}…` : text
  return [
    `<article><p class="source">${escapeLine(url ?? id)}</p>`,
    whole.trim() === '' ? '<p class="none">no text</p>' : `<div class="text" dir="auto">${escapeBlock(whole)}</div>`,
    '</article>',
  ].join('')
}
