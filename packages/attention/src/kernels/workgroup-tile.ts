import type { WgslContext } from '@almanac/tensor-core/wgsl'

/*
 * The two products of flash attention as pieces of WGSL: a workgroup holds a tile of rows and walks the other side (keys where
 * the rows are queries, and the other way round) COLUMNS at a time. All statements see `r`, the invocation's four rows, and
 * `c`, its lane: of COLUMNS it has c, c + lanes, ...; of the result's vectors of channels likewise. Workgroup memory is
 * within the 16 KiB that every WebGPU device has.
 */

/** What a tile meets of the other side at a time. */
export const COLUMNS = 32
/** Channels of a slice of the operands of a product over channels. */
const DEPTH = 16
/** Vectors from row to row of such a slice: one more than it holds, so that eight neighbours read from different banks. */
const STRIDE = DEPTH / 4 + 1
/** Vectors of a slice of the rows that are summed with weights. */
const SLICE = 256

export interface WorkgroupTile {
  readonly rows: 32 | 64
  /** Invocations that share four rows. */
  readonly lanes: 8 | 16
  /** Channels of the results, at least 4 `lanes`. */
  readonly width: 64 | 128
}

/** What the pieces need of the text's context. `fours`: rows of channels are read and written four at a time. */
export interface TileContext extends Pick<WgslContext, 'p' | 'load' | 'load4' | 'word' | 'store' | 'store4'> {
  readonly fours: boolean
  /** k and v are int8. */
  readonly int8: boolean
}

/** Rows of channels in memory: so many channels, one row after the other so many apart. */
export interface Rows {
  readonly buffer: string
  readonly channels: string
  /** Default: `channels`. */
  readonly stride?: string
}

export const invocationsOf = ({ rows, lanes }: WorkgroupTile): number => (rows / 4) * lanes
const range = (count: number): number[] => [...Array(count).keys()]

/** Columns that an invocation has: c + lanes j for each j. */
export const columnsOf = ({ lanes }: WorkgroupTile): number[] => range(COLUMNS / lanes)
/** Vectors of channels that an invocation has of each of its rows: c + lanes j for each j. */
export const vectorsOf = ({ lanes, width }: WorkgroupTile): number[] => range(width / 4 / lanes)
export const FOUR_ROWS = range(4)

/**
 * Where the weights of four rows for a column lie: as [column][row], where rows are exchanged by the column, so that the lanes of
 * a row reach different banks. `column` and `r` are simple expressions.
 */
const weightAt = ({ rows }: WorkgroupTile, column: string): string =>
  `weights[(${column}) * ${rows / 4} + (r ^ ((${column}) & ${rows / 4 - 1}))]`

/** `stage` takes slices of operands, `weights` what `putWeights` puts there. */
export function tileMemory(tile: WorkgroupTile): string {
  const stage = Math.max((tile.rows + COLUMNS) * STRIDE, SLICE)
  return `var<workgroup> stage: array<vec4<f32>, ${stage}>;
var<workgroup> weights: array<vec4<f32>, ${(COLUMNS * tile.rows) / 4}>;
`
}

const BYTES = `fn four_bytes(word: u32) -> vec4<f32> {
  return vec4<f32>(vec4<i32>(vec4<u32>(word << 24u, word << 16u, word << 8u, word)) >> vec4<u32>(24u));
}
`

/** Functions that `fetch` calls. */
export const fetchFunctions = ({ int8, fours }: TileContext): string => (int8 && fours ? BYTES : '')

/** Four channels of a buffer; zeros behind the `left` that there are. */
export function fetch(context: TileContext, buffer: string, at: string, left: string): string {
  const { load, load4, word, fours, int8 } = context
  const inside = fours ? `${left} > 0` : `vec4<i32>(0, 1, 2, 3) < vec4<i32>(${left})`
  const bytes = (): string =>
    fours
      ? `four_bytes(${word(buffer, `(${at}) >> 2u`)})`
      : `vec4<f32>(vec4<i32>(${[0, 1, 2, 3].map((d) => load(buffer, `(${at}) + ${d}`)).join(', ')}))`
  const four = int8 && (buffer === 'k' || buffer === 'v') ? bytes() : load4(buffer, at)
  return `select(vec4<f32>(0.0), ${four}, ${inside})`
}

/** A side of a product: rows of the tile (`a`) or columns (`b`). */
interface Side {
  readonly name: 'a' | 'b'
  /** Number of a row of it among rows of channels. */
  readonly at: (row: string) => string
  /** Whether there is such a row. */
  readonly inside: (row: string) => string
}

/** Vectors of a slice that an invocation brings in, and a condition where there are fewer than invocations. */
function shareOf(tile: WorkgroupTile, side: 'a' | 'b'): { readonly shares: number[]; readonly guard: string } {
  const vectors = ((side === 'a' ? tile.rows : COLUMNS) * DEPTH) / 4
  const invocations = invocationsOf(tile)
  return {
    shares: range(Math.ceil(vectors / invocations)),
    guard: vectors < invocations ? `if (lid < ${vectors}) ` : '',
  }
}

/** Declares which rows the invocation brings in of a side: the same for all products of the two sides. */
export function declareSide(tile: WorkgroupTile, { name, at, inside }: Side): string {
  return shareOf(tile, name)
    .shares.map((i) => {
      const row = `((lid + ${i * invocationsOf(tile)}) >> 2u)`
      return `  let ${name}Row${i} = ${at(row)};
  let ${name}Inside${i} = ${inside(row)};`
    })
    .join('\n')
}

/**
 * Declares `into` 0, 1, ...: for each of the invocation's columns the products, over all channels, of its four rows of `a`
 * with the column of `b`. Leaves `stage` free.
 */
export function product(
  tile: WorkgroupTile,
  context: TileContext,
  { a, b, into }: { readonly a: Rows; readonly b: Rows; readonly into: string },
): string {
  const { channels } = a
  /** What the invocation brings in of the slice from channel `d` on, as statements: `begin` declares the variables. */
  const bring = (d: string, begin = ''): string =>
    Object.entries({ a, b })
      .flatMap(([side, { buffer, stride = channels }]) =>
        shareOf(tile, side as 'a' | 'b').shares.map((i) => {
          const channel = `${d} + (((lid + ${i * invocationsOf(tile)}) & 3) << 2u)`
          const left = `(select(0, ${channels}, ${side}Inside${i}) - (${channel}))`
          return `${begin}${side}Next${i} = ${fetch(context, buffer, `${side}Row${i} * ${stride} + ${channel}`, left)};`
        }),
      )
      .join('\n      ')
  const put = (side: 'a' | 'b'): string => {
    const { shares, guard } = shareOf(tile, side)
    const base = side === 'a' ? 0 : tile.rows * STRIDE
    return shares
      .map((i) => {
        const entry = `(lid + ${i * invocationsOf(tile)})`
        return `      ${guard}{ stage[${base} + (${entry} >> 2u) * ${STRIDE} + (${entry} & 3)] = ${side}Next${i}; }`
      })
      .join('\n')
  }
  const columns = columnsOf(tile)
  const step = (i: number, j: number): string => {
    const sum = `${into}${j}.${'xyzw'[i]}`
    return `${sum} = ${['x', 'y', 'z', 'w'].reduce((inner, d) => `fma(a${i}.${d}, b${j}.${d}, ${inner})`, sum)};`
  }
  return `${columns.map((j) => `  var ${into}${j} = vec4<f32>(0.0);`).join('\n')}
  {
      ${bring('0', 'var ')}
    for (var d0 = 0; d0 < ${channels}; d0 += ${DEPTH}) {
${put('a')}
${put('b')}
      workgroupBarrier();
      // The next slice is on its way while this one is multiplied.
      let next = d0 + ${DEPTH};
      if (next < ${channels}) {
      ${bring('next')}
      }
      for (var d = 0; d < ${DEPTH / 4}; d++) {
${FOUR_ROWS.map((i) => `        let a${i} = stage[(4 * r + ${i}) * ${STRIDE} + d];`).join('\n')}
${columns.map((j) => `        let b${j} = stage[(${tile.rows + tile.lanes * j} + c) * ${STRIDE} + d];`).join('\n')}
${FOUR_ROWS.map((i) => `        ${columns.map((j) => step(i, j)).join(' ')}`).join('\n')}
      }
      workgroupBarrier();
    }
  }`
}

/** Puts the weights of the invocation's four rows for its column `j` where `accumulate` finds them. */
export const putWeights = (tile: WorkgroupTile, j: number, value: string): string =>
  `${weightAt(tile, `c + ${tile.lanes * j}`)} = ${value};`

/** Declares the sums of `accumulate`. */
export const declareSums = (tile: WorkgroupTile, name: string): string =>
  FOUR_ROWS.flatMap((i) => vectorsOf(tile).map((j) => `  var ${name}${i}_${j} = vec4<f32>(0.0);`)).join('\n')

/**
 * sums[row] += sum over `count` columns of weight[column][row] x[column], for channels from `channel0` on. Needs `stage` free,
 * and leaves it and `weights` free.
 */
export function accumulate(
  tile: WorkgroupTile,
  context: TileContext,
  of: {
    readonly x: Rows
    readonly sums: string
    readonly count: string
    /** Number of a column of x among rows of channels. */
    readonly at: (column: string) => string
  },
): string {
  const perRow = tile.width / 4
  const invocations = invocationsOf(tile)
  const { buffer, channels, stride = channels } = of.x
  const shares = range(SLICE / invocations)
  const bring = (column0: string, begin = ''): string =>
    shares
      .map((i) => {
        const entry = `(lid + ${i * invocations})`
        const column = `(${column0} + ${entry} / ${perRow})`
        const channel = `(channel0 + (${entry} % ${perRow}) * 4)`
        const left = `select(0, ${channels} - ${channel}, ${column} < ${of.count})`
        return `${begin}next${i} = ${fetch(context, buffer, `${of.at(column)} * ${stride} + ${channel}`, left)};`
      })
      .join('\n      ')
  const vectors = vectorsOf(tile)
  return `  {
      ${bring('0', 'var ')}
    for (var column0 = 0; column0 < ${of.count}; column0 += ${SLICE / perRow}) {
${shares.map((i) => `      stage[lid + ${i * invocations}] = next${i};`).join('\n')}
      workgroupBarrier();
      if (column0 + ${SLICE / perRow} < ${of.count}) {
      ${bring(`column0 + ${SLICE / perRow}`)}
      }
      for (var s = 0; s < ${SLICE / perRow}; s++) {
        let w = ${weightAt(tile, 'column0 + s')};
${vectors.map((j) => `        let x${j} = stage[s * ${perRow} + c + ${tile.lanes * j}];`).join('\n')}
${FOUR_ROWS.map((i) => `        ${vectors.map((j) => `${of.sums}${i}_${j} = fma(vec4<f32>(w[${i}]), x${j}, ${of.sums}${i}_${j});`).join(' ')}`).join('\n')}
      }
      workgroupBarrier();
    }
  }`
}

/** Statements that declare `into`: what all lanes of four rows have as `value`, joined. Needs `stage` free, and leaves it so. */
export function joinLanes(
  tile: WorkgroupTile,
  {
    value,
    into,
    join,
  }: { readonly value: string; readonly into: string; readonly join: (a: string, b: string) => string },
): string {
  const at = (lane: string): string => `stage[${lane} * ${tile.rows / 4 + 1} + r]`
  return `  ${at('c')} = ${value};
  workgroupBarrier();
  var ${into} = ${at('0')};
  for (var other = 1; other < ${tile.lanes}; other++) { ${into} = ${join(into, at('other'))}; }
  workgroupBarrier();`
}

/** Statements that store the invocation's part of the tile's results: `value` of each of its rows that is `inside`. */
export function storeSums(
  tile: WorkgroupTile,
  { store, store4, fours }: TileContext,
  of: {
    readonly sums: string
    readonly into: Rows
    readonly value: (i: number, sum: string) => string
    readonly inside: (i: number) => string
    /** Number of a row among rows of channels. */
    readonly at: (i: number) => string
  },
): string {
  const { buffer, channels } = of.into
  return FOUR_ROWS.map((i) => {
    const vectors = vectorsOf(tile).map((j) => {
      const inside = (d: number): string => `if (channel + ${d} < ${channels})`
      const stores = fours
        ? `${inside(0)} { ${store4(buffer, 'at + channel', 'x')} }`
        : FOUR_ROWS.map((d) => `${inside(d)} { ${store(buffer, `at + channel + ${d}`, `x[${d}]`)} }`).join('\n      ')
      return `    {
      let channel = channel0 + (c + ${tile.lanes * j}) * 4;
      let x = ${of.value(i, `${of.sums}${i}_${j}`)};
      ${stores}
    }`
    })
    return `  if (${of.inside(i)}) {
    let at = ${of.at(i)} * ${channels};
${vectors.join('\n')}
  }`
  }).join('\n')
}
