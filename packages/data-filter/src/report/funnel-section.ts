import { escapeLine } from './escape-text.js'
import { formatCount, formatShare } from './format-number.js'
import type { RunStep } from './run-steps.js'

/** What is left after each step, as a table with bars: documents as shares of the records, characters as shares of all texts. */
export function funnelSection(steps: readonly RunStep[]): string {
  const records = steps[0]?.documents ?? 0
  const characters = steps.find((step) => step.characters !== null)?.characters ?? 0
  const rows = steps.map(({ name, about, documents, characters: own }) =>
    [
      `<tr><th scope="row">${escapeLine(name)}<small>${escapeLine(about)}</small></th>`,
      cell(documents, records, 'documents'),
      own === null ? '<td class="none">–</td>' : cell(own, characters, 'characters'),
      '</tr>',
    ].join(''),
  )
  return [
    '<table class="funnel"><caption>What is left after each step. Shares of documents are of the records, shares of characters',
    ' of all texts. A character is a UTF-16 unit.</caption>',
    '<thead><tr><th scope="col">Step</th><th scope="col">Documents</th><th scope="col">Characters</th></tr></thead>',
    `<tbody>${rows.join('')}</tbody></table>`,
  ].join('')
}

const cell = (part: number, whole: number, kind: string): string =>
  `<td><div class="amount"><b>${formatCount(part)}</b> <span>${formatShare(part, whole)}</span></div>${bar(part, whole, kind)}</td>`

/** Filters may add to texts: a bar never leaves its place. */
const bar = (part: number, whole: number, kind: string): string => {
  const percent = whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)) : 0
  return `<div class="track" aria-hidden="true"><div class="fill ${kind}" style="width:${percent.toFixed(2)}%"></div></div>`
}
