/** The entries of a list's text, one a line. Lines that begin with `#` and lines of nothing but white space are no entries. */
export const parseUrlList = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '')
