import type { JsonValue } from '../document.js'
import { type ExtractOptions, extractDocument } from '../html/extract-document.js'
import type { PooledExtraction } from '../html/pooled-extraction.js'

/** How pages become texts. */
export interface PageExtraction {
  /** What decides on its results; other settings are another pipeline. */
  readonly settings: JsonValue
  /** Pages on their way at once. */
  readonly ahead: number
  /** Opens it for one task; closed when the task ends. */
  open(): Promise<OpenExtraction>
}

export interface OpenExtraction {
  extract(page: { readonly html: string; readonly url?: string }): Promise<PooledExtraction>
  close(): Promise<void>
}

/** Extraction in the same thread: anywhere, but a page that hangs hangs the task. See `pooledExtraction`. */
export function inlineExtraction(options: Omit<ExtractOptions, 'url'> = {}): PageExtraction {
  return {
    settings: { ...options },
    ahead: 1,
    open: async () => ({
      extract: async ({ html, url }) => extractDocument(html, { ...options, ...(url === undefined ? {} : { url }) }),
      close: async () => {},
    }),
  }
}
