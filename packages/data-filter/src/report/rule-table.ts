import { escapeLine } from './escape-text.js'
import { formatCount, formatShare } from './format-number.js'
import type { Removal, RemovalGroup } from './removal-groups.js'

/** What went and why, in the order of the run: a body of rows for each reader, filter or other step, with its sum in the head. */
export function ruleTable(groups: readonly RemovalGroup[]): string {
  const asked = groups.some(({ removals }) => removals.some(({ inAll }) => inAll !== null))
  const most = Math.max(
    0,
    ...groups.flatMap(({ removals, of }) =>
      removals.map(({ documents, inAll }) => share(Math.max(documents ?? 0, inAll ?? 0), of.documents)),
    ),
  )
  const bodies = groups.map((group) => {
    const rows = group.removals.map((removal) => ruleRow(removal, group, most, asked))
    return `<tbody>${groupRow(group, asked)}${rows.join('')}</tbody>`
  })
  return [
    '<div class="scroll" role="region" aria-label="What each rule took out" tabindex="0"><table class="rules">',
    '<caption>Documents and characters by the first rule that dropped them, as shares of what came to that step.',
    asked ? ' “In all” counts what a rule drops when all rules are asked.' : '',
    `<span class="bars-note"> Bars are in proportion to the longest${asked ? ', their pale parts what earlier rules dropped' : ''}.</span></caption>`,
    '<thead><tr><th scope="col">Rule</th><th scope="col" class="bar-column"><span class="aside">Share of documents</span></th>',
    '<th scope="col" class="number">Documents</th><th scope="col" class="number share">Share</th>',
    '<th scope="col" class="number wide">Characters</th><th scope="col" class="number share wide">Share</th>',
    asked ? '<th scope="col" class="number">In all</th>' : '',
    `</tr></thead>${bodies.join('')}</table></div>`,
  ].join('')
}

function groupRow({ name, of, total }: RemovalGroup, asked: boolean): string {
  return [
    `<tr class="group"><th scope="rowgroup">${escapeLine(name)} <small>of ${formatCount(of.documents)} ${of.name}</small></th><td class="bar-column"></td>`,
    numbers(total.documents, of.documents),
    numbers(total.characters, of.characters, 'wide'),
    asked ? '<td></td>' : '',
    '</tr>',
  ].join('')
}

function ruleRow(removal: Removal, { of }: RemovalGroup, most: number, asked: boolean): string {
  const { reason, conditions, documents, characters, inAll } = removal
  const when = conditions.length > 0 ? `<small>${conditions.map(breakable).join(' or ')}</small>` : ''
  return [
    `<tr${documents === 0 ? ' class="muted"' : ''}><th scope="row"><div class="rule"><span>${breakable(reason)}</span>${when}</div></th>`,
    `<td class="bar-column">${documents === null ? '' : bars(documents, inAll ?? documents, of.documents, most)}</td>`,
    numbers(documents, of.documents),
    numbers(characters, of.characters, 'wide'),
    asked ? `<td class="number${inAll ? ' some' : ''}">${inAll === null ? '' : formatCount(inAll)}</td>` : '',
    '</tr>',
  ].join('')
}

/** Names are long and have no spaces: a phone may break them at their underscores. */
const breakable = (name: string): string => escapeLine(name).replaceAll('_', '_<wbr>')

const numbers = (part: number | null, whole: number | null, kind = ''): string =>
  part === null || whole === null
    ? `<td class="${kind}"></td><td class="share ${kind}"></td>`
    : `<td class="number ${kind}">${formatCount(part)}</td><td class="number share ${kind}">${formatShare(part, whole)}</td>`

function bars(first: number, all: number, whole: number, most: number): string {
  const percent = (part: number) => (most > 0 ? (100 * share(part, whole)) / most : 0).toFixed(2)
  return `<div class="track thin" aria-hidden="true"><div class="fill all" style="width:${percent(all)}%"></div><div class="fill first" style="width:${percent(first)}%"></div></div>`
}

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0)
