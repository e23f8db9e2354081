/** The main content of a page. */
export interface MainText {
  /** Paragraphs, headings and list items, each on a line of its own; empty where nothing was found. */
  readonly text: string
  readonly title?: string
}
