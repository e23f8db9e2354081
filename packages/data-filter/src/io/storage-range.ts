import { OptionError } from '../data-filter-error.js'
import type { ByteRange } from '../storage.js'

/** The range in numbers: `end` is infinite where the file's end is meant. Throws OptionError unless both are whole and not negative. */
export function checkedRange(where: string, range: ByteRange | undefined): { start: number; end: number } {
  const { start = 0, end = Number.POSITIVE_INFINITY } = range ?? {}
  const whole = (value: number) => Number.isSafeInteger(value) && value >= 0
  if (whole(start) && (whole(end) || end === Number.POSITIVE_INFINITY)) return { start, end }
  throw new OptionError(
    where,
    'a range whose start and end are whole numbers from 0 on',
    `start ${start}, end ${end}`,
    'The end is the first byte that is not read; leave it out to read all.',
  )
}
