import type { WgslContext } from '@almanac/tensor-core/wgsl'

type Context = Pick<WgslContext<string, 'sequences' | 'ranges'>, 'p' | 'load'>

/*
 * The keys that some rows see together, as one run without the gap between the sinks and the rest: key number `at` of the run is
 * `at` below `sinkEnd` and `at + gap` from there on. A row sees those from its `first` to its `end`, and the sinks below its end.
 */

/** Statements that give `first` and `end` the range of a row, which is `inside` or sees nothing. */
export const rangeOfRow = (
  { p, load }: Context,
  of: { readonly row: string; readonly inside: string; readonly first: string; readonly end: string },
): string => `  if (${of.inside}) {
    let query = queryBegin + (${of.row}) / ${p('group')};
    ${of.first} = max(${load('ranges', '2 * query')}, 0);
    ${of.end} = min(${load('ranges', '2 * query + 1')}, keysOfSequence);
  }`

/** Declares `keysOfSequence`. */
export const declareKeys = ({ p, load }: Context): string =>
  `  let keysOfSequence = ${load('sequences', `sequence * ${p('tableWidth')} + 2`)};`

/** What a row adds to the span of keys that several see: its first key, and the end of its last. None: the largest, and 0. */
export const spanOfRow = ({ p }: Pick<Context, 'p'>, first: string, end: string) => ({
  earliest: `select(${NO_KEY}, ${first}, ${first} < ${end})`,
  latest: `select(min(${end}, ${p('sinks')}), ${end}, ${first} < ${end})`,
})

/** Behind every key. */
export const NO_KEY = '0x7fffffff'

/** Declares the run of the keys from `earliest` to `latest`, with the sinks before them: `sinkEnd`, `gap` and `keysInAll`. */
export const declareRun = ({ p }: Pick<Context, 'p'>, earliest: string, latest: string): string =>
  `  let sinkEnd = max(min(min(${p('sinks')}, ${latest}), ${earliest}), 0);
  let gap = select(0, ${earliest} - sinkEnd, ${earliest} < ${latest});
  let keysInAll = sinkEnd + max(${latest} - ${earliest}, 0);`

/** Number of a key of the run. */
export const keyOf = (at: string): string => `((${at}) + select(gap, 0, (${at}) < sinkEnd))`

/** Whether four rows with vectors `first` and `end` see a key. */
export const isSeen = ({ p }: Pick<Context, 'p'>, key: string, first: string, end: string): string =>
  `((vec4<i32>(${key}) >= ${first}) | vec4<bool>(${key} < ${p('sinks')})) & (vec4<i32>(${key}) < ${end})`
