import type { Document } from '@almanac/data-filter'

/** Documents as one text of bytes, each ended by a zero, which no text has. */
export const byteStream = (documents: readonly Document[]): Uint8Array =>
  new TextEncoder().encode(documents.map(({ text }) => `${text.replaceAll('\0', '')}\0`).join(''))
