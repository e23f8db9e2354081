import { keyOf } from './seen-keys.js'

/*
 * Where the keys of a step lie, in workgroup memory: an invocation looks up one key in the table of blocks, one step ahead, and all
 * read it. Two halves take turns.
 */

/** `steps`: keys of a step, a power of two. */
export function keyRows(steps: number) {
  const look = (at: string): string => `key_row(sequence, kvHead, ${keyOf(at)})`
  return {
    declarations: `var<workgroup> keyRows: array<i32, ${2 * steps}>;\n`,
    /** Looks up the step that begins at `at`. All pass a barrier before they read it. */
    first: (
      at: string,
    ): string => `  if (lid < ${steps}) { keyRows[((${at}) & ${steps}) + lid] = ${look(`${at} + lid`)}; }
  workgroupBarrier();`,
    /** Looks up the step behind the one at `at`: the half that it takes is free, and all pass a barrier before they read it. */
    next: (at: string): string => `    if (lid < ${steps}) {
      keyRows[((${at} + ${steps}) & ${steps}) + lid] = ${look(`${at} + ${steps} + lid`)};
    }`,
    /** Row of k of a key of the step at `at`. */
    row: (at: string, key: string): string => `keyRows[(${at} & ${steps}) + ${key}]`,
  }
}
