import type { MainText } from './main-text.js'
import type { PageRefusal } from './page-events.js'
import { type TextBlock, textBlocks } from './text-blocks.js'

/**
 * The main content of a page by the words and links of its blocks of text alone, without a tree: one pass, no scores by class names.
 * Kohlschuetter, Fankhauser, Nejdl 2010, "Boilerplate Detection using Shallow Text Features", Algorithm 2 (number of words), then the
 * largest run of content blocks with what stands close to it (their section 4.3's block fusion, in a simple form).
 * Or why the page is refused.
 */
export function extractTextDensity(html: string): MainText | PageRefusal {
  const page = textBlocks(html)
  if (typeof page === 'string') return page
  const { blocks, title } = page
  const content = blocks.map((block, i) => !block.outside && isContent(blocks[i - 1], block, blocks[i + 1]))
  const [first, last] = mainRun(blocks, content)
  const lines: string[] = []
  for (let i = first; i <= last; i++) {
    const block = blocks[i] as TextBlock
    // A heading is short, and belongs to the content that follows it.
    if (content[i] || (block.heading && !block.outside && linkDensity(block) < 0.5 && content[i + 1]))
      lines.push(block.text)
  }
  return { text: lines.join('\n'), ...(title ? { title } : {}) }
}

const NOTHING = { words: 0, linkedWords: 0 }

/** Algorithm 2 of the paper, a decision tree of depth 5. */
function isContent(
  previous: Pick<TextBlock, 'words' | 'linkedWords'> = NOTHING,
  block: TextBlock,
  next: Pick<TextBlock, 'words' | 'linkedWords'> = NOTHING,
): boolean {
  if (linkDensity(block) > 0.333333) return false
  if (linkDensity(previous) > 0.555556) return block.words > 40 || next.words > 17
  return block.words > 16 || next.words > 15 || previous.words > 4
}

function linkDensity({ words, linkedWords }: Pick<TextBlock, 'words' | 'linkedWords'>): number {
  return words === 0 ? 0 : Math.min(1, linkedWords / words)
}

/** Blocks of other matter that may stand between two of the content: a heading, a caption, a list of links. */
const GAP = 10

/** First and last block of the run of content that holds most words; the last lies before the first where there is none. */
function mainRun(blocks: readonly TextBlock[], content: readonly boolean[]): readonly [number, number] {
  let best: readonly [number, number] = [0, -1]
  let most = 0
  let [from, to, words] = [0, -1, 0]
  for (let i = 0; i < blocks.length; i++) {
    if (!content[i]) continue
    if (to < 0 || i - to - 1 > GAP) {
      from = i
      words = 0
    }
    to = i
    words += (blocks[i] as TextBlock).words
    if (words > most) {
      most = words
      best = [from, to]
    }
  }
  return best
}
