import { TERMINAL_PUNCTUATION } from './terminal-punctuation.js'

/** Marks that are no part of a word, as datatrove 0.10 lists them (`PUNCTUATION`), beside control characters. */
const MARKS = '!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„\';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_."}►»'

/** First and last code points of control characters among them: all but tab and newline. */
const CONTROLS = [
  [0, 8],
  [11, 31],
  [127, 159],
] as const

/** Code points that datatrove takes for punctuation when it normalises a text. */
export const PUNCTUATION: ReadonlySet<number> = new Set([
  ...Array.from(MARKS, (mark) => mark.codePointAt(0) as number),
  ...CONTROLS.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
])

/** Code points that make no word: `PUNCTUATION_SET` of datatrove, the marks that end a sentence included. */
export const PUNCTUATION_AND_TERMINAL: ReadonlySet<number> = new Set([...PUNCTUATION, ...TERMINAL_PUNCTUATION])
