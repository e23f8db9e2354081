import { Parser } from 'htmlparser2'

/** Elements deeper than this are taken out and their text is kept; browsers (Blink) draw the same line. */
export const FLATTEN_DEPTH = 512
/** A page that opens this many elements inside one another is not looked at further: closing tags cost time in proportion to the depth. */
export const MAX_DEPTH = 2048

/**
 * Attributes and texts that a page may have, an element counting as three of them, as it does in memory. A thread that runs out of memory
 * within a regular expression or a copy of V8's takes the whole process with it: only what is never built is safe. A tree of so many
 * fits into 512 MiB; articles have a few thousand (at most 7,604 on 91 pages of the article extraction benchmark).
 */
export const MAX_NODES = 300_000

/** No attribute says anything in more characters than this; megabytes of one are an attack or an embedded picture. */
const MAX_ATTRIBUTE = 500

/** What these hold is never text of the page. */
const DROPPED = new Set(
  'script style noscript template svg math canvas audio video map applet select option datalist textarea frameset noframes noembed dialog link base area source track param'.split(
    ' ',
  ),
)
/** These stay, since extractors count them, but what they hold is for browsers that do not know them. */
const EMPTIED = new Set(['iframe', 'object', 'embed', 'img', 'input'])
const STRUCTURE = new Set(['html', 'head', 'body'])

/** Pieces of a text that are kept apart before they are joined. */
const PIECES = 4096

export interface PageVisitor {
  open(name: string, attributes: Readonly<Record<string, string>>): void
  /** All between two tags, with entities decoded and whitespace as in the page. */
  text(text: string): void
  close(name: string): void
  /** `<meta>` and `<title>`, wherever they stand. */
  meta(attributes: Readonly<Record<string, string>>): void
  title(text: string): void
}

export type PageRefusal = 'too-deep' | 'too-large'
class Refused {
  constructor(readonly why: PageRefusal) {}
}

/**
 * Reads a page as events, each `open` with its `close`, at most FLATTEN_DEPTH deep, without `<html>`, `<head>` and `<body>`, scripts,
 * styles, comments and what a style attribute hides. Null, or why the page was refused: it nests deeper than MAX_DEPTH, or has more than
 * MAX_NODES nodes; the visitor has then seen only what came before.
 */
export function walkPage(html: string, visitor: PageVisitor): PageRefusal | null {
  /** For each open element whether the visitor knows it. */
  const known: boolean[] = []
  let shown = 0
  let nodes = 0
  const count = (more: number): void => {
    nodes += more
    if (nodes > MAX_NODES) throw new Refused('too-large')
  }
  /** Depth of the element whose content is left out. */
  let hiddenFrom = Number.POSITIVE_INFINITY
  let titleFrom = Number.POSITIVE_INFINITY
  let pieces: string[] = []
  let chunks: string[] = []
  let title = ''
  let titleSeen = false

  const flush = (): void => {
    if (pieces.length === 0) return
    count(1)
    // The standard's tree builder leaves null characters out.
    visitor.text((chunks.join('') + pieces.join('')).replaceAll('\0', ''))
    pieces = []
    chunks = []
  }
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        const depth = known.length
        if (depth >= MAX_DEPTH) throw new Refused('too-deep')
        const outside = depth >= hiddenFrom
        const emptied = EMPTIED.has(name)
        if (!outside) {
          if (name === 'meta') {
            count(3 + Object.keys(attributes).length)
            visitor.meta(shortened(attributes))
          }
          if (name === 'title' && !titleSeen) titleFrom = depth
          if (DROPPED.has(name) || emptied || name === 'title' || (!STRUCTURE.has(name) && isHidden(attributes)))
            hiddenFrom = depth
        }
        const show =
          !outside &&
          (emptied || depth < hiddenFrom) &&
          name !== 'meta' &&
          !STRUCTURE.has(name) &&
          shown < FLATTEN_DEPTH
        if (show) {
          flush()
          count(3 + Object.keys(attributes).length)
          visitor.open(name, shortened(attributes))
          shown++
        } else if (!outside && depth < hiddenFrom && shown >= FLATTEN_DEPTH) pieces.push(' ')
        known.push(show)
      },
      ontext(text) {
        if (titleFrom !== Number.POSITIVE_INFINITY) title += text
        if (hiddenFrom !== Number.POSITIVE_INFINITY) return
        // A stray `<` and an entity are a piece each: a million pieces weigh far more than their text.
        if (pieces.length === PIECES) chunks.push(pieces.splice(0).join(''))
        pieces.push(text)
      },
      onclosetag(name) {
        const show = known.pop()
        const depth = known.length
        if (depth === hiddenFrom) hiddenFrom = Number.POSITIVE_INFINITY
        if (depth === titleFrom) {
          titleFrom = Number.POSITIVE_INFINITY
          titleSeen = true
          visitor.title(title.slice(0, MAX_ATTRIBUTE))
        }
        if (!show) return
        flush()
        shown--
        visitor.close(name)
      },
    },
    { decodeEntities: true },
  )
  try {
    parser.end(html)
    flush()
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown.why
    throw thrown
  }
  return null
}

function isHidden(attributes: Readonly<Record<string, string>>): boolean {
  const { hidden, style } = attributes
  return (
    // What is hidden until it is found is text that readers look for.
    (hidden !== undefined && hidden !== 'until-found') ||
    (style !== undefined &&
      /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(style.slice(0, MAX_ATTRIBUTE)))
  )
}

function shortened(attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const short: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes)) short[name] = value.slice(0, MAX_ATTRIBUTE)
  return short
}
