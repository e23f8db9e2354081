import { posix } from 'node:path'

/**
 * Turns the links of a file of the repository into links of the site. A link to a file that is a page leads to that page
 * (a folder leads to its README's page); a link to any other file becomes plain text, because the site has no such place.
 * Addresses with a scheme and links inside the page stay as they are, and so does everything inside code.
 *
 * @param markdown the file's text
 * @param file the file, relative to the repository's root
 * @param pages page of each file, both relative to their roots
 */
export const rewriteLinks = (markdown: string, file: string, pages: ReadonlyMap<string, string>): string => {
  const pageOf = (target: string): string | undefined => {
    const path = posix.join(posix.dirname(file), target)
    return pages.get(path) ?? pages.get(posix.join(path, 'README.md'))
  }
  const rewrite = (prose: string): string =>
    prose.replace(/(?<!!)\[([^\]]+)\]\(([^)\s]+)\)/g, (whole, text: string, link: string) => {
      if (/^(?:[a-z][a-z0-9+.-]*:|#|\/)/i.test(link)) return whole
      const [target = '', anchor] = link.split('#')
      const page = pageOf(target)
      if (page === undefined) return text
      return `[${text}](/${page === 'index' ? '' : page}${anchor === undefined ? '' : `#${anchor}`})`
    })
  // Fenced blocks first, then inline code: what lies between them is prose.
  return markdown
    .split(/(^ *```[\s\S]*?^ *```[^\n]*$|`[^`\n]+`)/m)
    .map((part, i) => (i % 2 === 0 ? rewrite(part) : part))
    .join('')
}
