// Readability writes the page as HTML several times on its way, and escaping a text of eight million `<` takes more memory than a worker
// has. So the three characters stand in the tree as code points that no text may hold (Unicode 16.0, section 23.7, noncharacters).

/** A text as it goes into a tree. */
export function withMarks(text: string): string {
  return text
    .replace(/[\ufdd0-\ufdd2]/g, '\ufffd')
    .replaceAll('&', '\ufdd0')
    .replaceAll('<', '\ufdd1')
    .replaceAll('>', '\ufdd2')
}

/** A text of a tree as it was in the page. */
export function withoutMarks(text: string): string {
  return text.replaceAll('\ufdd0', '&').replaceAll('\ufdd1', '<').replaceAll('\ufdd2', '>')
}
