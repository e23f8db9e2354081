import { BLOCK_ELEMENTS, CELL_ELEMENTS } from './block-elements.js'
import { collapsed } from './node-lines.js'
import { type PageRefusal, walkPage } from './page-events.js'

/** A stretch of text without a block element's border in it. */
export interface TextBlock {
  readonly text: string
  /** Words that hold a letter or a digit. A run of letters of a script without spaces counts one word for each two characters. */
  readonly words: number
  /** Words of these that stand in links. */
  readonly linkedWords: number
  readonly heading: boolean
  /** Inside `<nav>`, `<footer>`, `<aside>`, `<form>`, `<figcaption>` or `<button>`: never the content. */
  readonly outside: boolean
}

export interface TextBlocks {
  readonly blocks: readonly TextBlock[]
  readonly title: string
}

const OUTSIDE = new Set(['nav', 'footer', 'aside', 'form', 'figcaption', 'button'])
const HEADINGS = new Set(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'])

/** A page as blocks of text, in order, or why it is refused. */
export function textBlocks(html: string): TextBlocks | PageRefusal {
  const blocks: TextBlock[] = []
  let title = ''
  // Pieces, since a page of one endless paragraph would be copied for each.
  let text: string[] = []
  let linkedText: string[] = []
  let [links, headings, outside] = [0, 0, 0]
  const end = (): void => {
    const line = collapsed(text.join(''))
    if (line) {
      blocks.push({
        text: line,
        words: countWords(line),
        linkedWords: countWords(linkedText.join('')),
        heading: headings > 0,
        outside: outside > 0,
      })
    }
    text = []
    linkedText = []
  }
  const border = (name: string): void => {
    if (BLOCK_ELEMENTS.has(name)) end()
    else if (CELL_ELEMENTS.has(name)) text.push(' ')
  }
  const count = (name: string, step: 1 | -1): void => {
    if (name === 'a') links += step
    if (HEADINGS.has(name)) headings += step
    if (OUTSIDE.has(name)) outside += step
  }
  const refusal = walkPage(html, {
    open(name) {
      border(name)
      count(name, 1)
    },
    text(piece) {
      text.push(piece)
      if (links > 0) linkedText.push(piece)
    },
    close(name) {
      border(name)
      if (links > 0 && name === 'a') linkedText.push(' ')
      count(name, -1)
    },
    meta: () => {},
    title(found) {
      title = collapsed(found)
    },
  })
  end()
  return refusal ?? { blocks, title }
}

/** From a word's first letter or digit to its end: found once in each word that has one. */
const WORD = /[\p{L}\p{N}]\S*/gu
/** Of scripts that put no spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu

function countWords(text: string): number {
  // Two characters are a word of Chinese or Japanese, about.
  return matches(WORD, text) + Math.floor(matches(UNSPACED, text) / 2)
}

/** Counted one by one: an array of all would take many times the memory of the text. */
function matches(pattern: RegExp, text: string): number {
  let count = 0
  pattern.lastIndex = 0
  while (pattern.test(text)) count++
  return count
}
