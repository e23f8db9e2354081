import type { LanguageIdentifier } from './language-identifier.js'

/** Which of eld's databases of n-grams; a process that has loaded it is 400, 190, 150 or 85 MB larger (Node 20.20, November 2026). */
export type EldSize = 'large' | 'medium' | 'small' | 'extrasmall'

/** Each by a name that bundlers see. */
const DATABASES = {
  large: () => import('eld/large'),
  medium: () => import('eld/medium'),
  small: () => import('eld/small'),
  extrasmall: () => import('eld/extrasmall'),
} as const

/**
 * Opens eld (Nito T.M.), which tells 60 languages apart by n-grams of bytes, in some 60 microseconds a text (November 2026, a
 * shared core): it looks at its first 350 bytes or so.
 *
 * Its score is no probability. It is s / (s + 25) of the mean weight s of a text's n-grams, and says how usual they are in the
 * language, not how much likelier that is than others. Text of one language, whichever, has 0.73 to 0.88; languages that eld
 * does not know, names, random letters and digits stay below 0.6. FineWeb's threshold of 0.65 between them therefore drops what
 * is no known language, as with fastText; but it keeps pages in two languages, tables and code among words (0.70 to 0.81), of
 * which fastText drops many. For FineWeb's own decisions open lid.176 with `openFastTextModel`.
 */
export async function openEld({ size = 'medium' }: { readonly size?: EldSize } = {}): Promise<LanguageIdentifier> {
  const { eld } = await DATABASES[size]()
  // Nobody else's settings: the database is shared, its tables are not copied.
  const detector = eld.newInstance()
  return {
    name: `eld-${size}`,
    identify(text) {
      const found = detector.detect(text)
      const all = new Map(Object.entries(found.getScores()))
      return { language: found.language, score: all.get(found.language) ?? 0, all }
    },
  }
}
