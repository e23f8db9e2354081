import { characterClasses, SPACE } from './character-classes.js'

/** Abbreviations that are seldom the end of a sentence, without their last period. */
const TITLES = new Set(
  'mr mrs ms dr prof rev gen col lt capt sgt gov sen rep hon st mt ft pres supt messrs mme mlle vs al fig figs no nos vol pp ed eds cf eg ie viz approx'.split(
    ' ',
  ),
)
/** Abbreviations that may be. */
const OTHERS = new Set(
  'jr sr inc ltd co corp dept est etc bros assn univ ave blvd rd jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun'.split(
    ' ',
  ),
)
/** Words that, with a capital, begin a sentence more often than a name. */
const STARTERS = new Set(
  'The A An It He She We They I You This That These Those There In On At But And So If When While As For After Before However Then Its His Her Their Our My What Why How Where Who'.split(
    ' ',
  ),
)
const [EXCLAMATION, PERIOD, QUESTION] = [33, 46, 63] as const
const CLOSERS = '])}>"\'»”’'

const isSpace = (code: number): boolean => ((characterClasses()[code] as number) & SPACE) !== 0

/** Where the next word begins, or the text's length. */
function nextWord(text: string, from: number): number {
  let at = from
  while (at < text.length && isSpace(text.charCodeAt(at))) at++
  return at
}

/**
 * Whether the period at `at` ends a sentence, where the word that it follows begins at `start` and only closing marks stand between
 * it and `end`, where white space or the text's end is: an own, fixed approximation of what Punkt (Kiss and Strunk 2006) learns.
 */
export function endsSentence(text: string, start: number, at: number, end: number): boolean {
  const next = nextWord(text, end)
  if (next >= text.length) return true
  const word = text.slice(start, at).toLowerCase()
  const isInitial = word.length === 1 && word >= 'a' && word <= 'z'
  if (TITLES.has(word) || isInitial) return false
  if (!OTHERS.has(word) && !word.includes('.')) return true
  let stop = next
  while (stop < text.length && !isSpace(text.charCodeAt(stop))) stop++
  return STARTERS.has(text.slice(next, stop))
}

/** How many sentences a line has: at least one, where it is not blank. */
export function countSentences(line: string): number {
  let [count, done] = [0, 0]
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i)
    if (code !== PERIOD && code !== EXCLAMATION && code !== QUESTION) continue
    let end = i + 1
    while (end < line.length && CLOSERS.includes(line[end] as string)) end++
    if (end < line.length && !isSpace(line.charCodeAt(end))) continue
    if (code === PERIOD && line.charCodeAt(i - 1) !== PERIOD) {
      let start = i
      while (start > 0 && !isSpace(line.charCodeAt(start - 1))) start--
      if (!endsSentence(line, start, i, end)) continue
    }
    count++
    done = end
    i = end - 1
  }
  return count + (nextWord(line, done) < line.length ? 1 : 0)
}
