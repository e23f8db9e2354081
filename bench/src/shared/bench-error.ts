/** `where: expected ..., got .... What to do.` */
export class BenchError extends Error {
  constructor(where: string, expected: string, got: string, hint: string) {
    super(`${where}: expected ${expected}, got ${got}. ${hint}`)
    this.name = new.target.name
  }
}

/** An option with a value that no benchmark takes. */
export class OptionError extends BenchError {}
/** A system to compare with that is not installed or does not run here. */
export class PeerError extends BenchError {}
/** A process or a page that was to be measured and ended. */
export class ProcessError extends BenchError {}
