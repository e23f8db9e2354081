/** A larger page is not laid out a second time. */
const MOST_CHARACTERS = 200_000

/** What would ask a server for something, or lead elsewhere. */
const OUTSIDE = 'script, link, meta, base, iframe, frame, object, embed, noscript'
const ADDRESSES = ['href', 'xlink:href', 'target', 'ping', 'action', 'formaction', 'autofocus']
const SOURCES = ['src', 'srcset', 'poster', 'background', 'data']

const HEAD =
  `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">` +
  '<style>body { margin: 1rem; font: 14px/1.5 system-ui, sans-serif; overflow-wrap: anywhere } a { color: #3451b2; text-decoration: underline }</style>'

/**
 * A page as a browser shows it, for a frame with an empty `sandbox`: without scripts (the frame runs none), and with nothing that asks a
 * server (its policy forbids that) or leads away. Null where it is too large to be laid out beside its text.
 */
export function pagePreview(html: string): string | null {
  if (html.length > MOST_CHARACTERS) return null
  // A parsed document loads and runs nothing.
  const document = new DOMParser().parseFromString(html, 'text/html')
  for (const element of document.querySelectorAll(OUTSIDE)) element.remove()
  for (const element of document.querySelectorAll('*')) {
    for (const name of ADDRESSES) element.removeAttribute(name)
    for (const name of SOURCES) {
      if (!element.getAttribute(name)?.startsWith('data:')) element.removeAttribute(name)
    }
  }
  return `<!doctype html>${HEAD}${document.documentElement.outerHTML}`
}
