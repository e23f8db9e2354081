import { BLOCK_ELEMENTS, CELL_ELEMENTS } from './block-elements.js'

const ELEMENT = 1
const TEXT = 3

/**
 * The text of a tree, one line for each block that holds text: paragraphs, headings, list items, table rows. A line of `<pre>` stays a
 * line; all other whitespace is one space.
 */
export function nodeLines(root: Node, skip: (element: Element) => boolean = () => false): string[] {
  const lines: string[] = []
  let line = ''
  const end = (): void => {
    const text = collapsed(line)
    if (text) lines.push(text)
    line = ''
  }
  const add = (text: string, preformatted: boolean): void => {
    const [first = '', ...others] = preformatted ? text.split('\n') : [text]
    line += first
    for (const other of others) {
      end()
      line += other
    }
  }
  const visit = (node: Node, preformatted: boolean): void => {
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.nodeType === TEXT) add(child.nodeValue ?? '', preformatted)
      if (child.nodeType !== ELEMENT) continue
      const element = child as Element
      if (skip(element)) continue
      const name = element.localName
      const block = BLOCK_ELEMENTS.has(name)
      const cell = CELL_ELEMENTS.has(name)
      if (block) end()
      if (cell) line += ' '
      visit(element, preformatted || name === 'pre')
      if (block) end()
      if (cell) line += ' '
    }
  }
  visit(root, false)
  end()
  return lines
}

export function collapsed(text: string): string {
  return text.replace(/[\s\u200b\ufeff]+/g, ' ').trim()
}
