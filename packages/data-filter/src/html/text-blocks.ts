import { BLOCK_ELEMENTS, CELL_ELEMENTS } from './block-elements.js'
import { collapsed } from './node-lines.js'
import { walkPage } from './page-events.js'

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

/** A page as blocks of text, in order. Null where it nests too deep. */
export function textBlocks(html: string): TextBlocks | null {
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
  const complete = walkPage(html, {
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
  return complete ? { blocks, title } : null
}

/** Scripts that put no spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/gu

function countWords(text: string): number {
  let words = 0
  for (const word of text.split(/\s+/)) if (/[\p{L}\p{N}]/u.test(word)) words++
  // Two characters are a word of Chinese or Japanese, about.
  return words + Math.floor((text.match(UNSPACED)?.length ?? 0) / 2)
}
