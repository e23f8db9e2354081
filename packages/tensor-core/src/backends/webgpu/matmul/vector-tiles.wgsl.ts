import type { MatmulOperand } from '../../../codegen/matmul-problem.js'
import { type TileShape, tileName } from '../../../wgsl/tile-shape.js'
import { defineWgsl, type WgslContext, type WgslSource } from '../../../wgsl/wgsl-source.js'
import { batchBases, batchesOf, type MatmulLaunch } from './matmul-launch.js'
import { type Along, alongOf, byFours, storesFours } from './panel-layout.js'
import { tileOrder } from './tile-order.js'
import { writeFour } from './write-four.js'

/** A square of elements, four steps of K by four rows or columns, that an invocation carries into workgroup memory. */
const SQUARE = 4
/** Vectors that one row of 32 banks of four bytes holds. */
const BANK_VECTORS = 8

interface Panel {
  readonly name: 'a' | 'b'
  readonly along: Along
  readonly fours: boolean
  /** Rows of A or columns of B in a tile. */
  readonly side: number
  readonly origin: string
  readonly extent: string
  readonly depthStride: string
  readonly sideStride: string
}

/** What an invocation carries at each step: a square of a panel, in four registers. */
interface Carry {
  readonly panel: Panel
  /** Registers `carried{group}_0` to `_3`; two carries of one group are of different invocations. */
  readonly group: number
  /** The number of the square, an expression, and where it is one. */
  readonly square: string
  readonly guard: string
}

/** Who carries what: both panels at once where there are invocations enough, else one after the other. */
function carries(panels: readonly [Panel, Panel], depth: number, invocations: number): Carry[] {
  const counts = panels.map(({ side }) => (side / SQUARE) * (depth / SQUARE)) as [number, number]
  const [a, b] = panels
  if (counts[0] + counts[1] <= invocations) {
    const end = counts[0] + counts[1] < invocations ? ` && lid < ${counts[0] + counts[1]}` : ''
    return [
      { panel: a, group: 0, square: 'lid', guard: `lid < ${counts[0]}` },
      { panel: b, group: 0, square: `lid - ${counts[0]}`, guard: `lid >= ${counts[0]}${end}` },
    ]
  }
  return panels
    .flatMap((panel, i) => {
      const count = counts[i] as number
      return Array.from({ length: Math.ceil(count / invocations) }, (_, at): Carry => {
        const square = `lid + ${at * invocations}`
        const guard = (at + 1) * invocations > count ? `${square} < ${count}` : 'true'
        return { panel, group: -1, square, guard }
      })
    })
    .map((carry, group) => ({ ...carry, group }))
}

/**
 * C = A B by tiles in workgroup memory, all of it in vectors of four. Sums run along K in order, in float32; with `parts`
 * above one, workgroups take a part of K each, write their sums to `parts` [parts, batch, M, N], and `joinParts` follows.
 * The naive version is the kernel of `ops/matmul.ts`.
 *
 * For a tile of 128 x 128, an invocation holds 8 x 8 sums and reads four vectors from workgroup memory for the 64
 * multiplications of a step: a GPU that reads 128 bytes and does 128 multiplications a cycle (NVIDIA's and Apple's cores)
 * is then kept by arithmetic, where 4 x 4 sums keep it by memory. A tile does 32 operations a byte that it reads from
 * device memory. Registers: 64 sums, 16 carried, 16 operands and addresses, under the 128 that let NVIDIA's cores keep two
 * such workgroups, which cover each other's barriers. Reads of the next panel are under way while this one is multiplied.
 *
 * Panels lie in workgroup memory as [K][side / 4] vectors however they lie in device memory: squares are transposed in
 * registers. The vectors of steps 4i to 4i + 3 are exchanged by an exclusive or with 2i, so that neighbours who write down a
 * column of squares meet different banks; neighbours read neighbouring vectors.
 */
export function vectorTiles(launch: MatmulLaunch, shape: TileShape, parts = 1): WgslSource {
  const { problem } = launch
  const { m, n, k, a, b, c } = problem
  const { rows, columns, depth, high, wide } = shape
  const [down, across] = [rows / high, columns / wide]
  const invocations = down * across
  const [tilesDown, tilesAcross] = [Math.ceil(m / rows), Math.ceil(n / columns)]
  const batches = batchesOf(problem)
  const partDepth = Math.ceil(k / parts / depth) * depth
  const layouts = { a: layoutOf(a, a.column, a.row, k, m), b: layoutOf(b, b.row, b.column, k, n) }
  const output = parts > 1 ? 'parts' : 'y'
  const storeFours = parts > 1 ? n % 4 === 0 : storesFours(c, n)
  const read = (['a', 'b'] as const).filter((name) => layouts[name].fours)
  const fours = storeFours ? [...read, output] : read
  const along = `${layouts.a.along}|${layouts.b.along}`
  return defineWgsl({
    variant: () => `${tileName(shape)}|${along}|${fours}|${parts > 1}|${launch.epilogueKey}`,
    paramNames: [...launch.paramNames, 'tilesDown', 'tilesAcross', 'partDepth', 'batches'],
    params: () => [...launch.params, tilesDown, tilesAcross, partDepth, batches],
    groups: () => batches * tilesDown * tilesAcross * parts,
    buffers: parts > 1 ? [...launch.buffers, { name: 'parts', access: 'write', dtype: 'float32' }] : launch.buffers,
    ...(parts > 1 ? { workspace: () => parts * batches * m * n * 4 } : {}),
    vectors: () => fours,
    functions: launch.functions,
    text(context) {
      const { p } = context
      const panels: [Panel, Panel] = [
        {
          ...{ name: 'a', ...layouts.a, side: rows, origin: 'row0', extent: p('m') },
          ...{ depthStride: p('aColumn'), sideStride: p('aRow') },
        },
        {
          ...{ name: 'b', ...layouts.b, side: columns, origin: 'column0', extent: p('n') },
          ...{ depthStride: p('bRow'), sideStride: p('bColumn') },
        },
      ]
      const jobs = carries(panels, depth, invocations)
      const groups = [...new Set(jobs.map(({ group }) => group))]
      const registers = groups.flatMap((group) => [0, 1, 2, 3].map((i) => `carried${group}_${i}`))
      const sums = Array.from({ length: high }, (_, i) => Array.from({ length: wide / 4 }, (_, j) => `sum${i}_${j}`))
      const total = parts > 1 ? `((group / (${p('tilesDown')} * ${p('tilesAcross')})) % ${p('batches')})` : 'block'
      return {
        workgroupSize: invocations,
        declarations: `${panels.map((panel) => `var<workgroup> ${panel.name}Tile: array<vec4<f32>, ${(depth * panel.side) / 4}>;\n${fourOf(context, panel)}`).join('')}${writeFour(context, launch, storeFours, parts > 1)}`,
        body: `${tileOrder(p, rows, columns)}
  let block = group / (${p('tilesDown')} * ${p('tilesAcross')});${batchBases(p, total)}
  let part = block / ${p('batches')};
  let first = part * ${p('partDepth')};
  let last = min(first + ${p('partDepth')}, ${p('k')});
  let y = lid / ${across};
  let x = lid % ${across};
${jobs.map((job) => placeSquare(job, depth)).join('\n')}
${registers.map((name) => `  var ${name} = vec4<f32>(0.0);`).join('\n')}
${sums
  .flat()
  .map((sum) => `  var ${sum} = vec4<f32>(0.0);`)
  .join('\n')}
  // One step more than there are panels: a step multiplies the panel of the step before.
  for (var k0 = first; k0 < last + ${depth}; k0 += ${depth}) {
    if (k0 < last) {
${jobs.map(fetchSquare).join('\n')}
    }
    if (k0 > first) {
      for (var d = 0; d < ${depth / SQUARE}; d++) {
        let turn = (d * 2) & ${BANK_VECTORS - 1};
${multiply(shape, sums)}
      }
    }
    workgroupBarrier();
    if (k0 < last) {
${jobs.map(putSquare).join('\n')}
    }
    workgroupBarrier();
  }
${sums
  .flatMap((row, i) =>
    row.map((sum, j) => {
      const [r, column] = [`row0 + 4 * (y + ${down * (i >> 2)}) + ${i & 3}`, `column0 + 4 * (x + ${across * j})`]
      const base = parts > 1 ? `block * ${p('m')} * ${p('n')}` : 'cBase'
      return `  write_four(${base}, ${r}, ${column}, ${sum});`
    }),
  )
  .join('\n')}`,
      }
    },
  })
}

function layoutOf(operand: MatmulOperand, depth: number, side: number, k: number, extent: number) {
  const along = alongOf(depth, side)
  return { along, fours: byFours(operand, along, { depth, side }, { depth: k, side: extent }) }
}

/** A function that loads four elements of a panel along its memory, of which the first `left` are inside the matrix. */
function fourOf({ load, load4 }: WgslContext, { name, along, fours, depthStride, sideStride }: Panel): string {
  const step = along === 'depth' ? depthStride : sideStride
  const each = (i: number): string => `select(0.0, ${load(name, `at + ${i} * ${step}`)}, left > ${i})`
  const value = fours
    ? `select(vec4<f32>(0.0), ${load4(name, 'at')}, left > 0)`
    : `vec4<f32>(\n    ${[0, 1, 2, 3].map(each).join(',\n    ')})`
  return `fn ${name}_four(at: i32, left: i32) -> vec4<f32> {\n  return ${value};\n}\n`
}

/** Where an invocation's square lies: neighbours take neighbours along the memory. */
function placeSquare({ panel, group, square, guard }: Carry, depth: number): string {
  const { name, along, side, origin, extent, sideStride, depthStride } = panel
  const [inner, lo, hi] = along === 'depth' ? [depth / SQUARE, 'Depth', 'Side'] : [side / SQUARE, 'Side', 'Depth']
  const id = `${name}${group}`
  return `  let ${id}${lo} = (${square}) % ${inner};
  let ${id}${hi} = (${square}) / ${inner};
  let ${id}At = ${name}Base + (${origin} + ${id}Side * 4) * ${sideStride} + ${id}Depth * 4 * ${depthStride};
  let ${id}Left = ${extent} - (${origin} + ${id}Side * 4);
  let ${id}Place = ${id}Depth * ${side} + (${id}Side ^ ((${id}Depth * 2) & ${BANK_VECTORS - 1}));
  let ${id}Mine = ${guard};`
}

function fetchSquare({ panel, group }: Carry): string {
  const { name, along, sideStride, depthStride } = panel
  const id = `${name}${group}`
  const [stride, left, across] =
    along === 'depth' ? [sideStride, 'left', `${id}Left`] : [depthStride, `${id}Left`, 'left']
  const loads = [0, 1, 2, 3].map(
    (i) => `carried${group}_${i} = ${name}_four(at + ${i} * ${stride}, select(0, ${left}, ${i} < ${across}));`,
  )
  return `      if (${id}Mine) {
        let at = ${id}At + k0 * ${depthStride};
        let left = last - k0 - ${id}Depth * 4;
        ${loads.join('\n        ')}
      }`
}

function putSquare({ panel: { name, along, side }, group }: Carry): string {
  const id = `${name}${group}`
  const steps = [0, 1, 2, 3].map((i) => {
    const turned = `vec4<f32>(${[0, 1, 2, 3].map((lane) => `carried${group}_${lane}[${i}]`).join(', ')})`
    return `${name}Tile[${id}Place + ${(i * side) / 4}] = ${along === 'depth' ? turned : `carried${group}_${i}`};`
  })
  return `      if (${id}Mine) {\n        ${steps.join('\n        ')}\n      }`
}

/** Four steps of K. */
function multiply({ rows, columns, high, wide }: TileShape, sums: readonly (readonly string[])[]): string {
  const [down, across] = [rows / high, columns / wide]
  const lines: string[] = []
  for (let step = 0; step < SQUARE; step++) {
    for (let q = 0; q < high / 4; q++) {
      lines.push(`let a${step}_${q} = aTile[d * ${rows} + ${(step * rows) / 4} + ((y + ${down * q}) ^ turn)];`)
    }
    for (let j = 0; j < wide / 4; j++) {
      lines.push(`let b${step}_${j} = bTile[d * ${columns} + ${(step * columns) / 4} + ((x + ${across * j}) ^ turn)];`)
    }
    for (const [i, row] of sums.entries()) {
      const left = `vec4<f32>(a${step}_${i >> 2}[${i & 3}])`
      for (const [j, sum] of row.entries()) lines.push(`${sum} = fma(${left}, b${step}_${j}, ${sum});`)
    }
  }
  return lines.map((line) => `        ${line}`).join('\n')
}
