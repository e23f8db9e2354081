/**
 * Every error of this package: `where: expected ..., got .... What to do.` The parts are fields too, for programs.
 */
export class DataFilterError extends Error {
  /** The function, file or record that refused. */
  readonly where: string
  readonly expected: string
  readonly got: string
  /** What to do about it; empty where nothing is known. */
  readonly hint: string

  constructor(where: string, expected: string, got: string, hint = '') {
    super(`${where}: expected ${expected}, got ${got}.${hint ? ` ${hint}` : ''}`)
    this.name = new.target.name
    this.where = where
    this.expected = expected
    this.got = got
    this.hint = hint
  }
}

/** An argument outside its range. */
export class OptionError extends DataFilterError {}
/** A file whose bytes are not of its format. */
export class FormatError extends DataFilterError {}
/** A file that is missing, or storage that does not answer. */
export class StorageError extends DataFilterError {}
/** Data of another run, another configuration, or changed since: a stage does not go on with them. */
export class ManifestError extends DataFilterError {}
