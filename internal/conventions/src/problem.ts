/** One broken rule: where, what the rule wants, what stands there, and what to do about it. */
export interface Problem {
  readonly file: string
  readonly expected: string
  readonly got: string
  readonly todo: string
}

/** `file: expected ..., got .... What to do.` on one line. */
export const formatProblem = ({ file, expected, got, todo }: Problem): string =>
  `${file}: expected ${expected}, got ${got}. ${todo}`
