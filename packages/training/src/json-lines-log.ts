import type { ProgressEvent } from './progress-event.js'

/** A record of a run that programs read: one JSON object a line, as `train` tells it. */
export interface ProgressLog {
  /** Pass this to `train` as onProgress, or call it from yours. */
  readonly write: (event: ProgressEvent) => void
  /** Waits until everything is in the file. Rejects with Node's error where that failed. */
  close(): Promise<void>
}

/**
 * A log in a file, in Node: each event with the seconds since the beginning of this process's part. A run that goes on from
 * a checkpoint keeps the lines up to its step and drops those of updates that were lost, so that the file tells of one
 * run without a break. Rejects where the file cannot be opened.
 */
export async function jsonLinesLog(path: string): Promise<ProgressLog> {
  // Imported here so that pages which never call this do not load node:fs.
  return (await import('./node-json-lines-log.js')).nodeJsonLinesLog(path)
}
