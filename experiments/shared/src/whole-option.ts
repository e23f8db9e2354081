/** Reads options of one command that are whole numbers. The function throws RangeError with what was expected. */
export const wholeOption =
  (command: string) =>
  (name: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number => {
    const n = Number(text)
    if (text.trim() !== '' && Number.isSafeInteger(n) && n >= least && n <= most) return n
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
    throw new RangeError(`${command}: expected --${name} as a whole number ${range}, got '${text}'.`)
  }
