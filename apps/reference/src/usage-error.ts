/** A mistake on the command line or in a file it names: one line that says what to do, and exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
