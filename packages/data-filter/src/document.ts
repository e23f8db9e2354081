/** What JSON can say. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** A text and where it comes from: what readers give, steps change or drop, and writers write. */
export interface Document {
  /** Unique in a data set: a WARC record's id, or the path of the file and the place in it. */
  readonly id: string
  readonly text: string
  /** What else is known, under datatrove's names where it has them: `url`, `date`, `file_path`, `language`, `language_score`. */
  readonly metadata: Readonly<Record<string, JsonValue>>
}
