import { OptionError } from '../data-filter-error.js'
import type { ReadOptions } from '../read-record.js'

const MAX_RECORD_BYTES = 8 * 2 ** 20

/** The options of a reader, with what holds unless given. Throws OptionError. */
export function readLimits(where: string, options: ReadOptions = {}): Required<ReadOptions> {
  const { skip = 0, maxRecordBytes = MAX_RECORD_BYTES } = options
  const check = (name: string, value: number, least: number): void => {
    if (Number.isSafeInteger(value) && value >= least) return
    const expected = `a whole number of at least ${least}`
    throw new OptionError(`${where}: ${name}`, expected, String(value), 'Leave it out for the default.')
  }
  check('skip', skip, 0)
  check('maxRecordBytes', maxRecordBytes, 1)
  return { skip, maxRecordBytes }
}
