/** What a model keeps of sequences between steps: key-value caches and recurrent states alike. */
export interface SequenceState {
  /** Room for `tokens` more in a sequence; throws if there is none. */
  reserve(sequence: number, tokens: number): void
  /** Makes `tokens` reserved places part of the sequence. */
  commit(sequence: number, tokens: number): void
  /** Forgets everything from position `length` on. */
  truncate(sequence: number, length: number): void
  /** A second sequence with the same past; returns its number. */
  fork(sequence: number): number
  /** Sequence i continues what was sequence order[i]. */
  reorder(order: readonly number[]): void
  /** A value that `restore` brings back. */
  snapshot(sequence: number): Promise<Uint8Array>
  restore(sequence: number, snapshot: Uint8Array): Promise<void>
  /** Tokens a sequence holds. */
  length(sequence: number): number
}
