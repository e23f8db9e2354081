import { extractDocument } from '@almanac/data-filter/html'

/** The main texts of pages; those without one are left out. */
export function plainTexts(pages: readonly string[]): string[] {
  return pages.flatMap((page) => {
    const found = extractDocument(page)
    return found.outcome === 'text' ? [found.text] : []
  })
}
