import { OptionError } from '../data-filter-error.js'

/** What a file that is being written ends in. `list` never gives such names, and no file can be called so. */
export const TEMPORARY_MARK = '.almanac-tmp-'

// Control characters: XML cannot carry them in a listing. A lone surrogate has no UTF-8 bytes.
const UNWRITABLE = /[\p{Cc}\p{Surrogate}\\]/u
const DRIVE = /^[A-Za-z]:/

/** Why no storage keeps a file of this name, or null where all do: none leaves its folder, and every one reads the same everywhere. */
export function problemOfName(name: string): string | null {
  if (name === '') return 'an empty name'
  if (name.startsWith('/') || DRIVE.test(name)) return 'an absolute path'
  if (UNWRITABLE.test(name)) return 'a backslash, a control character or half a surrogate pair'
  const parts = name.split('/')
  if (parts.includes('..') || parts.includes('.')) return 'a part that is "." or ".."'
  if (parts.includes('')) return 'an empty part between slashes'
  if (name.includes(TEMPORARY_MARK)) return `"${TEMPORARY_MARK}", which marks files that are being written`
  return null
}

/** Throws OptionError unless the name is a path below the storage's root. */
export function checkName(location: string, name: string): void {
  const problem = problemOfName(name)
  if (problem === null) return
  throw new OptionError(
    location,
    'a file name with "/" between its parts, below this place',
    `${JSON.stringify(name)}: ${problem}`,
    'Name files as list gives them.',
  )
}
