import { ArgumentError } from '../errors.js'

/** A value that no scale fits, in the block that starts at value `start`. */
export function refuseValue(format: string, limit: number, value: number, start: number): never {
  throw new ArgumentError(
    `${format}.encode`,
    `finite values below ${limit} in magnitude`,
    `${value} in the block at ${start}`,
    'Keep this tensor unpacked.',
  )
}
