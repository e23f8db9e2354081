/** A subcommand of `almanac`. */
export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** The text of `almanac <name> --help`. */
  readonly help: string
  run(args: readonly string[]): Promise<void>
}
