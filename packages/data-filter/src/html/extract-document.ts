import { OptionError } from '../data-filter-error.js'
import { extractReadability } from './extract-readability.js'
import { extractTextDensity } from './extract-text-density.js'
import { MAX_DEPTH, MAX_NODES, type PageRefusal } from './page-events.js'
import { exceedsBytes } from './page-size.js'

export type ExtractorName = 'readability' | 'density'

export interface ExtractOptions {
  /** The page's own address: links within the page are then known as such. */
  readonly url?: string
  /** `readability` (the default) finds more; `density` is several times faster. */
  readonly extractor?: ExtractorName
  /** Bytes of UTF-8 that a page may have, 8 MiB unless given. */
  readonly maxBytes?: number
}

/** What became of a page: its text, or why there is none. */
export type Extraction =
  | { readonly outcome: 'text'; readonly text: string; readonly title?: string }
  | { readonly outcome: 'empty' | 'too-large' | 'too-deep' | 'error'; readonly reason: string }

const REFUSALS: Readonly<Record<PageRefusal, string>> = {
  'too-deep': `more than ${MAX_DEPTH} elements inside one another`,
  'too-large': `more than ${MAX_NODES} texts, attributes and thirds of elements`,
}

export const DEFAULT_MAX_BYTES = 8 * 2 ** 20

/**
 * The main content of a page as plain text: paragraphs, headings and list items on lines of their own. No page makes it throw; a page
 * can make it slow, for which there is `createExtractionPool`. Throws OptionError where an option is none.
 */
export function extractDocument(html: string, options: ExtractOptions = {}): Extraction {
  const { extractor, maxBytes, url } = checkedOptions(options)
  if (exceedsBytes(html, maxBytes)) return { outcome: 'too-large', reason: `more than ${maxBytes} bytes` }
  try {
    const found = extractor === 'density' ? extractTextDensity(html) : extractReadability(html, url)
    if (typeof found === 'string') return { outcome: found, reason: REFUSALS[found] }
    return found.text === '' ? { outcome: 'empty', reason: 'no main content' } : { outcome: 'text', ...found }
  } catch (error) {
    return { outcome: 'error', reason: String(error).slice(0, 200) }
  }
}

/** The options with their defaults. Throws OptionError. */
export function checkedOptions(options: ExtractOptions): Required<ExtractOptions> {
  const { url = '', extractor = 'readability', maxBytes = DEFAULT_MAX_BYTES } = options
  if (extractor !== 'readability' && extractor !== 'density') {
    throw new OptionError(
      'extractDocument: extractor',
      "'readability' or 'density'",
      `'${String(extractor)}'`,
      'Name one of them.',
    )
  }
  if (!(Number.isInteger(maxBytes) && maxBytes > 0)) {
    throw new OptionError(
      'extractDocument: maxBytes',
      'a whole number of at least 1',
      String(maxBytes),
      'Leave it out for 8 MiB.',
    )
  }
  return { url, extractor, maxBytes }
}
