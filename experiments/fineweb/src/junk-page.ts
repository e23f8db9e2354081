import { GOODS, LOREM, MENU, NAMES, NOTICES } from './junk-words.js'
import type { RandomSource } from './random-source.js'

/** Random numbers, and words as frequent as in the clean texts. */
export interface JunkSource {
  readonly random: RandomSource
  readonly vocabulary: readonly string[]
}

const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')
const words = (count: number, word: () => string): string => Array.from({ length: count }, word).join(' ')
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

/** Names of menus, a line each. */
export const menuLines = ({ random }: JunkSource, count: number): string => lines(count, () => random.pick(MENU))

/** Sentences of random words: they read like text to every rule that counts. */
const saladSentence = ({ random, vocabulary }: JunkSource): string =>
  sentence(words(random.between(8, 25), () => random.pick(vocabulary).toLowerCase()))

/** Pages that teach a model nothing of English, by kind; about as long as a document. */
export const JUNK_PAGES = {
  menu: (source) => menuLines(source, source.random.between(80, 180)),
  notices: ({ random }) => lines(random.between(20, 40), () => random.pick(NOTICES)),
  list: ({ random, vocabulary }) =>
    lines(random.between(50, 100), () => `- ${words(random.between(2, 6), () => random.pick(vocabulary))}`),
  goods: ({ random }) =>
    lines(random.between(40, 80), () => {
      const [price, left] = [random.between(5, 900), random.between(0, 50)]
      return `${random.pick(GOODS)} ${random.between(100, 9999)} | $${price}.99 | ${left} in stock | Add to cart`
    }),
  lorem: ({ random }) =>
    lines(random.between(4, 8), () =>
      words(random.between(4, 8), () => sentence(words(random.between(6, 14), () => random.pick(LOREM)))),
    ),
  code: ({ random }) =>
    lines(random.between(15, 30), () => {
      const [a, b, c] = [random.pick(NAMES), random.pick(NAMES), random.pick(NAMES)]
      return `function ${a}_${b}(${c}) {\n  if (${c}.${a} > ${random.between(0, 100)}) return ${c}.${b};\n}`
    }),
  repeated: (source) => {
    const paragraph = words(source.random.between(2, 4), () => saladSentence(source))
    return lines(source.random.between(5, 9), () => paragraph)
  },
  salad: (source) =>
    lines(source.random.between(4, 7), () => words(source.random.between(3, 6), () => saladSentence(source))),
} satisfies Record<string, (source: JunkSource) => string>

export type JunkKind = keyof typeof JUNK_PAGES

export const JUNK_KINDS = Object.keys(JUNK_PAGES) as JunkKind[]
