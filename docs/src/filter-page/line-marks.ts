import { type C4QualityOptions, c4Quality, type Statistics, type Words } from '@almanac/data-filter'
import type { LineReason, MarkedLine } from './protocol.js'

/** C4's rules look at characters only. */
const NO_WORDS: Words = {
  tokens() {
    throw new Error('line-marks: expected rules of lines to ask for no words, got a question for them.')
  },
  ids() {
    return this.tokens() as never
  },
}

const measureLine = (options: C4QualityOptions = {}) => {
  const filter = c4Quality(options)
  return (text: string) => filter.measure(text, NO_WORDS, { id: '', text, metadata: {} })
}

const asItIs = measureLine()
const shortAllowed = measureLine({ minWordsPerLine: 0 })
const longAllowed = measureLine({ maxWordLength: Number.POSITIVE_INFINITY })

/** What C4's rules do to each line: they look at one at a time, so that the filter can be asked about each alone. */
export const markLines = (text: string): MarkedLine[] =>
  text.split('\n').map((line): MarkedLine => ({ text: line, removed: reasonOf(line) }))

function reasonOf(line: string): LineReason | null {
  const { statistics } = asItIs(line)
  if (stays(statistics)) return null
  if (statistics['lorem_ipsum']) return 'lorem_ipsum'
  if (statistics['curly_bracket']) return 'curly_bracket'
  // The rule whose absence would keep the line is the one that takes it out. An empty line is none to the filter.
  if (line === '' || stays(shortAllowed(line).statistics)) return 'few_words'
  if (stays(longAllowed(line).statistics)) return 'long_word'
  return line.toLowerCase().includes('javascript') ? 'javascript' : 'policy'
}

const stays = ({ lines = 0, lines_removed = 0 }: Statistics): boolean => lines_removed < lines
