import type { PositionedFile } from './positioned-file.js'

export interface WantedBytes {
  readonly file: PositionedFile
  readonly start: number
  readonly end: number
}

/** A calculation that asks for bytes on its way, so that it is written once for files that wait and files that do not. */
export type BytesWanted<T> = Generator<WantedBytes, T, Uint8Array>

export async function readBytes<T>(calculation: BytesWanted<T>): Promise<T> {
  let step = calculation.next()
  while (!step.done) {
    const { file, start, end } = step.value
    step = calculation.next(await file.read(start, end))
  }
  return step.value
}

/** Only for files that have `readNow`. */
export function readBytesNow<T>(calculation: BytesWanted<T>): T {
  let step = calculation.next()
  while (!step.done) {
    const { file, start, end } = step.value
    step = calculation.next((file.readNow as NonNullable<PositionedFile['readNow']>)(start, end))
  }
  return step.value
}
