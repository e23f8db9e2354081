import { ALONE, astralClasses, characterClasses, DEPENDS, HALF, LETTER, SPACE, WORD } from './character-classes.js'
import { endsSentence } from './sentence-ends.js'

/** The tokens of a text: token i is text.slice(starts[i], ends[i]), with LETTER and WORD among its classes where a character has them. */
export interface WordTokens {
  readonly text: string
  readonly count: number
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly classes: Uint8Array
  /** Code points of the text: what Python calls its length. */
  readonly length: number
}

const [APOSTROPHE, COMMA, HYPHEN, PERIOD, COLON, BACKTICK] = [39, 44, 45, 46, 58, 96] as const
const CLOSERS = new Set(Array.from('])}>"\'»”’', (mark) => mark.charCodeAt(0)))
const SUFFIXES = new Set(['s', 'S', 'm', 'M', 'd', 'D', 'll', 'LL', 're', 'RE', 've', 'VE'])
/** Two words written as one, and where they part. */
const TWO_IN_ONE = new Map([
  ['cannot', 3],
  ['gimme', 3],
  ['gonna', 3],
  ['gotta', 3],
  ['lemme', 3],
  ['wanna', 3],
])

/**
 * Makes a function that splits texts into words and marks much as NLTK's `word_tokenize` does for English (the Treebank rules:
 * marks apart, "do n't", "it 's", a sentence's last period apart), in one pass. Its result is valid until it is called again.
 * Scripts without spaces between words are not split.
 */
export function wordTokenizer(): (text: string) => WordTokens {
  const table = characterClasses()
  let [starts, ends, classes] = [new Int32Array(1024), new Int32Array(1024), new Uint8Array(1024)]
  let count = 0

  const add = (start: number, end: number, of: number): void => {
    if (count === starts.length) {
      const [s, e, c] = [new Int32Array(2 * count), new Int32Array(2 * count), new Uint8Array(2 * count)]
      s.set(starts)
      e.set(ends)
      c.set(classes)
      ;[starts, ends, classes] = [s, e, c]
    }
    starts[count] = start
    ends[count] = end
    classes[count++] = of
  }

  /** Classes of the characters in a range. */
  const classesOf = (text: string, start: number, end: number): number => {
    let all = 0
    for (let i = start; i < end; i++) {
      const own = table[text.charCodeAt(i)] as number
      all |= own === HALF && i + 1 < end ? astralClasses(text.codePointAt(i) as number) : own
    }
    return all
  }

  const addWord = (text: string, start: number, end: number, of: number): void => {
    if (end <= start) return
    if ((end - start === 5 || end - start === 6) && of & LETTER) {
      const first = text.charCodeAt(start) | 32
      if (first === 99 || first === 103 || first === 108 || first === 119) {
        const parts = TWO_IN_ONE.get(text.slice(start, end).toLowerCase())
        if (parts) {
          add(start, start + parts, of)
          add(start + parts, end, of)
          return
        }
      }
    }
    add(start, end, of)
  }

  const addRange = (text: string, start: number, end: number): void => {
    if (end > start) addWord(text, start, end, classesOf(text, start, end))
  }

  /** What a piece without white space has in it, where some of its characters are more than plain. */
  const splitPiece = (text: string, start: number, end: number): void => {
    let word = start
    let i = start
    const apart = (length: number): void => {
      addRange(text, word, i)
      add(i, i + length, classesOf(text, i, i + length))
      i += length
      word = i
    }
    const runOf = (code: number): number => {
      let stop = i + 1
      while (stop < end && text.charCodeAt(stop) === code) stop++
      return stop - i
    }
    while (i < end) {
      const code = text.charCodeAt(i)
      const own = table[code] as number
      if (own & ALONE) {
        apart(1)
        continue
      }
      if (!(own & DEPENDS)) {
        i++
        continue
      }
      const next = i + 1 < end ? text.charCodeAt(i + 1) : 32
      if (code === PERIOD) {
        const run = runOf(PERIOD)
        let stop = i + 1
        while (stop < end && CLOSERS.has(text.charCodeAt(stop))) stop++
        if (run > 1) apart(run)
        else if (stop === end && i > start && endsSentence(text, word, i, end)) apart(1)
        else i++
      } else if (code === COMMA || code === COLON) {
        if (next >= 48 && next <= 57) i++
        else apart(1)
      } else if (code === BACKTICK) apart(runOf(BACKTICK))
      else if (code === HYPHEN) {
        if (next === HYPHEN) apart(2)
        else i++
      } else if (i + 1 === end) apart(1)
      else i = apostrophe(text, i)
    }
    addRange(text, word, end)

    /** Splits off what an apostrophe begins, if it is one of the known endings, and returns where to go on. */
    function apostrophe(of: string, at: number): number {
      let stop = at + 1
      while (
        stop < end &&
        (table[of.charCodeAt(stop)] as number) & LETTER &&
        !((table[of.charCodeAt(stop)] as number) & ALONE)
      )
        stop++
      const boundary = stop === end || ((table[of.charCodeAt(stop)] as number) & (ALONE | DEPENDS)) !== 0
      if (!boundary || of.charCodeAt(stop) === APOSTROPHE || at === word) return at + 1
      const suffix = of.slice(at + 1, stop)
      const before = of.charCodeAt(at - 1) | 32
      if (SUFFIXES.has(suffix)) {
        addRange(of, word, at)
        word = at
      } else if ((suffix === 't' || suffix === 'T') && before === 110 && at - 1 > word) {
        addRange(of, word, at - 1)
        word = at - 1
      }
      return stop
    }
  }

  return (text) => {
    count = 0
    let halves = 0
    const length = text.length
    let i = 0
    while (i < length) {
      let of = table[text.charCodeAt(i)] as number
      if (of & SPACE) {
        i++
        continue
      }
      const start = i
      let all = 0
      do {
        all |= of
        if (of === HALF) halves++
        i++
        if (i === length) break
        of = table[text.charCodeAt(i)] as number
      } while (!(of & SPACE))
      if (all & (ALONE | DEPENDS)) splitPiece(text, start, i)
      else if (all & HALF) addRange(text, start, i)
      else addWord(text, start, i, all)
    }
    return { text, count, starts, ends, classes, length: length - (halves >> 1) }
  }
}

/** The tokens of a text as strings. See `wordTokenizer`. */
export function words(text: string): string[] {
  const { count, starts, ends } = wordTokenizer()(text)
  return Array.from({ length: count }, (_, i) => text.slice(starts[i], ends[i]))
}

/** Whether a token has a character that is no punctuation. */
export const isWord = ({ classes }: WordTokens, token: number): boolean => ((classes[token] as number) & WORD) !== 0
