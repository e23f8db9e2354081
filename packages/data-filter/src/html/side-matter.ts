import { collapsed } from './node-lines.js'

/**
 * Words that pages name their side matter with, in class and id: captions, dates, bylines, share bars, newsletters, related links.
 * Whole words between `-`, `_`, spaces and capitals.
 */
const SIDE_WORDS = new Set(
  (
    'caption captions credit credits breadcrumb breadcrumbs related relateds recirc recirculation recommended recommendation recommendations ' +
    'share sharing sharebar social newsletter subscribe subscription signup promo promotion advert advertisement ad ads sponsor sponsored ' +
    'byline dateline timestamp pubdate tags tag toolbar cookie cookies consent copyright disclaimer comments pagination slideshow gallery ' +
    'readmore popular trending nav navigation menu footer metadata meta postmeta entrymeta bio'
  ).split(' '),
)
/** Side matter is small: what holds more of the text than this is the text, whatever it is called. */
const MAX_SHARE = 0.25

/** A list or paragraph of which links have this share leads elsewhere: related pages, follow us. A single linked word in a line stays. */
const LINK_SHARE = 0.8
const LINKED = new Set(['ul', 'ol', 'p', 'h2', 'h3', 'h4', 'h5', 'h6'])

/** Whether an element is side matter by its name, in a text of so many characters. */
export function isSideMatter(element: Element, characters: number): boolean {
  if (element.localName === 'figcaption') return true
  if (LINKED.has(element.localName)) {
    const length = textLength(element)
    if (length > 0 && length <= MAX_SHARE * characters) {
      let linked = 0
      for (const link of element.getElementsByTagName('a')) {
        // Headings of manuals link to themselves.
        if (!link.getAttribute('href')?.startsWith('#')) linked += textLength(link)
      }
      if (linked >= LINK_SHARE * length) return true
    }
  }
  const names = `${element.getAttribute('class') ?? ''} ${element.getAttribute('id') ?? ''}`
  return isSideName(names) && textLength(element) <= MAX_SHARE * characters
}

/** Whether a class or an id names side matter. */
export function isSideName(names: string): boolean {
  return names
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .some((word) => SIDE_WORDS.has(word))
}

function textLength(element: Element): number {
  return collapsed(element.textContent ?? '').length
}
