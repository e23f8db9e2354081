import type { WgslContext } from '../../../wgsl/wgsl-source.js'
import type { MatmulLaunch } from './matmul-launch.js'

/**
 * A function `write_four(base, row, column, v)` that finishes and stores four neighbouring results, those of them that are
 * inside the matrix. `fours`: all of them are, or none. `partial`: sums over a part of K, unfinished, into `parts`.
 */
export function writeFour(
  { p, store, store4, call }: WgslContext,
  { epilogueKey }: MatmulLaunch,
  fours: boolean,
  partial = false,
): string {
  const target = partial ? 'parts' : 'y'
  const finished = (i: number, at: string, column: string): string =>
    epilogueKey && !partial ? `${call('finish')}(v[${i}], ${at}, ${column})` : `v[${i}]`
  const plain = !epilogueKey || partial
  const all = [0, 1, 2, 3].map((i) => finished(i, `at + ${i}`, `column + ${i}`))
  const each = (): string[] =>
    all.map((value, i) => `if (column + ${i} < ${p('n')}) { ${store(target, `at + ${i}`, value)} }`)
  const stride = partial ? p('n') : p('cRow')
  return `fn write_four(base: i32, row: i32, column: i32, v: vec4<f32>) {
  if (row >= ${p('m')} || column >= ${p('n')}) { return; }
  let at = base + row * ${stride} + column;
  ${fours ? store4(target, 'at', plain ? 'v' : `vec4<f32>(${all.join(', ')})`) : each().join('\n  ')}
}
`
}
