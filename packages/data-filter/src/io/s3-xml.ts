import { Parser } from 'htmlparser2'

/** An element of S3's answers: they have no attributes that matter, and either text or children. */
export interface XmlElement {
  readonly name: string
  readonly text: string
  readonly children: readonly XmlElement[]
}

interface Open {
  name: string
  text: string
  children: XmlElement[]
}

/** S3's answers are four elements deep; what is nested deeper is none. */
const MAX_DEPTH = 16

/** The root element, or null where the text is no XML: a proxy's page, an answer cut short. */
export function parseXml(text: string): XmlElement | null {
  const open: Open[] = []
  let root: XmlElement | null = null
  let broken = false
  const parser = new Parser(
    {
      onopentag(name) {
        // Thrown, not noted: the parser slows down with the depth.
        if (open.length === MAX_DEPTH || root !== null) throw new RangeError('no answer of S3')
        open.push({ name, text: '', children: [] })
      },
      ontext(data) {
        const current = open.at(-1)
        if (current) current.text += data
      },
      onclosetag(_name, implied) {
        const closed = open.pop()
        // Not closed by a tag of its own: right where it is empty, as in <Prefix/>.
        if (!closed || (implied && closed.text + closed.children.length !== '0')) broken = true
        else if (open.length > 0) (open.at(-1) as Open).children.push(closed)
        else root = closed
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  try {
    parser.write(text)
    // What is open now is only closed by the end of the text: the rest is missing.
    if (open.length > 0) return null
    parser.end()
  } catch {
    return null
  }
  return broken ? null : root
}

/** The text of the first child of that name, or undefined. */
export const childText = (element: XmlElement, name: string): string | undefined =>
  element.children.find((child) => child.name === name)?.text

/** Text for use between tags. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] as string)
