import type { TileShape } from './tile-shape.js'
import type { WgslText } from './wgsl-source.js'

/** An operand of a tiled product: A by step and row, B by step and column. */
export interface PanelReader {
  /** The axis along which neighbouring invocations read: that along which the operand lies in memory. */
  readonly along: 'depth' | 'side'
  /** Elements that are read at a time, along that axis: a read of four starts at a multiple of four. */
  readonly run: 1 | 4
  /**
   * The element, or vec4<f32>, at a step and a row or column (i32 expressions). It may be asked for outside the operand,
   * whose edges in a run of four lie at multiples of four; what it then gives is thrown away.
   */
  read(step: string, side: string): string
}

export interface TileProduct {
  readonly shape: TileShape
  readonly a: PanelReader
  readonly b: PanelReader
  /** i32 expressions, the same in all invocations: rows and columns from here on are not stored, and there are no more steps. */
  readonly rowEnd: string
  readonly columnEnd: string
  readonly depth: string
  /** Statements that store a result (an f32 expression) at a row and a column (i32 expressions). */
  store(row: string, column: string, value: string): string
}

/** Elements more than a row of a tile holds, so that what neighbours write falls into different banks. */
const PAD = 1

/**
 * One tile of C = A B: each element of a panel is read from memory once a workgroup. Sums run along K in order, in float32.
 * The body follows statements that declare `row0` and `column0` (i32): where the tile starts, the same in all invocations.
 */
export function tileProduct(product: TileProduct): WgslText & { readonly declarations: string } {
  const { shape, rowEnd, columnEnd } = product
  const { rows, columns, depth, high, wide } = shape
  const invocations = (rows / high) * (columns / wide)
  const width = { a: rows + PAD, b: columns + PAD }
  const sums = Array.from({ length: high }, (_, i) => Array.from({ length: wide / 4 }, (_, j) => `sum${i}_${j}`))
  const multiply = [
    ...Array.from({ length: wide / 4 }, (_, j) => {
      const at = `d * ${width.b} + tileColumn + ${4 * j}`
      return `let right${j} = vec4<f32>(${[0, 1, 2, 3].map((i) => `bTile[${at} + ${i}]`).join(', ')});`
    }),
    ...sums.flatMap((row, i) => [
      `let left${i} = aTile[d * ${width.a} + tileRow + ${i}];`,
      ...row.map((sum, j) => `${sum} = fma(vec4<f32>(left${i}), right${j}, ${sum});`),
    ]),
  ]
  const write = sums.flatMap((row, i) =>
    row.flatMap((sum, j) =>
      [0, 1, 2, 3].map((lane) => {
        const [r, c] = [`row0 + tileRow + ${i}`, `column0 + tileColumn + ${4 * j + lane}`]
        return `if (${r} < ${rowEnd} && ${c} < ${columnEnd}) { ${product.store(`(${r})`, `(${c})`, `${sum}[${lane}]`)} }`
      }),
    ),
  )
  const panel = (name: 'a' | 'b', side: number, row0: string, extent: string): string =>
    fillPanel(
      { name, reader: product[name], depth, side, width: width[name], invocations, row0, extent },
      product.depth,
    )
  return {
    workgroupSize: invocations,
    declarations: `var<workgroup> aTile: array<f32, ${depth * width.a}>;
var<workgroup> bTile: array<f32, ${depth * width.b}>;
`,
    body: `  let tileRow = (lid / ${columns / wide}) * ${high};
  let tileColumn = (lid % ${columns / wide}) * ${wide};
${sums
  .flat()
  .map((sum) => `  var ${sum} = vec4<f32>(0.0);`)
  .join('\n')}
  for (var k0 = 0; k0 < ${product.depth}; k0 += ${depth}) {
${panel('a', rows, 'row0', rowEnd)}
${panel('b', columns, 'column0', columnEnd)}
    workgroupBarrier();
    for (var d = 0; d < ${depth}; d++) {
      ${multiply.join('\n      ')}
    }
    workgroupBarrier();
  }
  ${write.join('\n  ')}`,
  }
}

interface Panel {
  readonly name: 'a' | 'b'
  readonly reader: PanelReader
  readonly depth: number
  readonly side: number
  readonly width: number
  readonly invocations: number
  readonly row0: string
  readonly extent: string
}

/** Fills a panel's tile for the steps from k0 on; zeros outside the operand. */
function fillPanel({ name, reader, depth, side, width, invocations, row0, extent }: Panel, steps: string): string {
  const { along, run } = reader
  const inner = along === 'depth' ? depth : side
  const count = (depth * side) / run
  const [d, s] = along === 'depth' ? ['lo', 'hi'] : ['hi', 'lo']
  const place = (i: number): string =>
    along === 'depth' ? `${name}Tile[(d + ${i}) * ${width} + s]` : `${name}Tile[d * ${width} + s + ${i}]`
  const value = reader.read('(k0 + d)', `(${row0} + s)`)
  const read =
    run === 4
      ? `let v = select(vec4<f32>(0.0), ${value}, inside);
        ${[0, 1, 2, 3].map((i) => `${place(i)} = v[${i}];`).join(' ')}`
      : `${place(0)} = select(0.0, ${value}, inside);`
  const lines: string[] = []
  for (let first = 0; first < count; first += invocations) {
    const guard = first + invocations > count ? `if (lid + ${first} < ${count}) ` : ''
    lines.push(`      ${guard}{
        let e = (lid + ${first}) * ${run};
        let lo = e % ${inner};
        let hi = e / ${inner};
        let d = ${d};
        let s = ${s};
        let inside = k0 + d < ${steps} && ${row0} + s < ${extent};
        ${read}
      }`)
  }
  return lines.join('\n')
}
