import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from './usage-error.js'

type Options = NonNullable<ParseArgsConfig['options']>

/** node:util's parseArgs, with its complaints in our form: what was expected and where to look. */
export function readOptions<O extends Options>(command: string, args: readonly string[], options: O) {
  return readArguments(command, args, options, false).values
}

/** The same for commands that take names beside options. */
export function readArguments<O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
  allowPositionals = true,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals })
  } catch (error) {
    const known = Object.keys(options).map((name) => `--${name}`)
    const first = (error as Error).message.split('. ')[0]?.replace(/\.$/, '') ?? ''
    throw new UsageError(`${command}: ${first}. Expected ${known.join(', ')}; see "almanac ${command} --help".`)
  }
}

interface Range {
  readonly least: number
  readonly most?: number
  readonly whole?: boolean
}

/** An option's number, or the default. Throws UsageError for what is no number or out of range. */
export function readNumber(
  command: string,
  name: string,
  text: string | undefined,
  fallback: number,
  range: Range,
): number {
  if (text === undefined) return fallback
  const value = text.trim() === '' ? Number.NaN : Number(text)
  const { least, most = Number.POSITIVE_INFINITY, whole = false } = range
  if (!(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
    const limits = most === Number.POSITIVE_INFINITY ? `of ${least} or more` : `from ${least} to ${most}`
    throw new UsageError(`${command}: expected --${name} as a ${whole ? 'whole ' : ''}number ${limits}, got '${text}'.`)
  }
  return value
}
