import type { MatmulProblem } from '../../../codegen/matmul-problem.js'
import { dtypeName } from '../../../dtype.js'
import { ownInputs } from '../../../schedule/epilogue.js'
import type { OpLaunch } from '../../../schedule/program.js'
import { ENOUGH_GROUPS } from '../../../wgsl/enough-groups.js'
import {
  defineWgsl,
  type GpuTraits,
  type SubgroupMatrix,
  type WgslContext,
  type WgslSource,
} from '../../../wgsl/wgsl-source.js'
import { batchBases, batchesOf, type MatmulLaunch } from './matmul-launch.js'
import { type Along, alongOf, byFours, storesFours } from './panel-layout.js'
import { tileOrder } from './tile-order.js'
import { writeFour } from './write-four.js'

/** A multiple of every GPU's largest subgroup, which WGSL asks of shaders with subgroup matrices. */
const INVOCATIONS = 128
/** Elements more than a row of a tile holds, so that the rows of a matrix start in different banks: 16 bytes and more. */
const PAD = 8
/** Sides below which most of a tile would be padding. */
const LEAST_SIDE = 32

/** How a workgroup's subgroups share a tile of `side` x `side`, `depth` steps of K at a time. */
export interface MatrixPlan {
  readonly matrix: SubgroupMatrix
  readonly side: number
  readonly depth: number
  readonly subgroupSize: number
  /** Subgroups down and across the tile. */
  readonly down: number
  readonly across: number
}

/**
 * The largest tiles whose products subgroups can do for this launch, or null: float16 operands, or bfloat16 ones where there
 * are matrices of float32, and sums in float32. Matrices that sum in float16 are left alone: a thousand products would be off
 * by more than float16's own rounding.
 */
export function planMatrices(launch: OpLaunch, problem: MatmulProblem, gpu: GpuTraits): MatrixPlan | null {
  const dtypes = ownInputs(launch).map(({ dtype }) => dtypeName(dtype))
  const halves = gpu.f16 && dtypes.every((dtype) => dtype === 'float16')
  const narrow = dtypes.every((dtype) => dtype === 'float16' || dtype === 'bfloat16')
  const usable = (gpu.subgroupMatrices ?? []).filter(
    ({ component, result }) => result === 'f32' && (component === 'f16' ? halves : narrow),
  )
  if (!gpu.subgroupSize || Math.min(problem.m, problem.n) < LEAST_SIDE) return null
  const subgroups = INVOCATIONS / gpu.subgroupSize
  const down = 2 ** Math.floor(Math.log2(subgroups) / 2)
  const across = subgroups / down
  const work = ({ component, m, n, k }: SubgroupMatrix): number => (component === 'f16' ? 2 ** 20 : 0) + m * n * k
  const matrices = [...usable].sort((a, b) => work(b) - work(a))
  const plans = matrices.flatMap((matrix) =>
    [128, 64].flatMap((side) =>
      [32, 16].map((depth) => ({ matrix, side, depth, subgroupSize: gpu.subgroupSize as number, down, across })),
    ),
  )
  const groups = (side: number): number =>
    batchesOf(problem) * Math.ceil(problem.m / side) * Math.ceil(problem.n / side)
  const fits = plans.filter(
    (plan) =>
      plan.depth % plan.matrix.k === 0 &&
      (plan.side / down) % plan.matrix.m === 0 &&
      (plan.side / across) % plan.matrix.n === 0 &&
      plan.matrix.n % 4 === 0 &&
      memoryOf(plan) <= gpu.maxWorkgroupBytes,
  )
  return fits.find(({ side }) => side === 64 || groups(side) >= ENOUGH_GROUPS) ?? null
}

const bytesOf = (type: 'f16' | 'f32'): number => (type === 'f16' ? 2 : 4)

/** Bytes of workgroup memory at most, however the panels lie. */
function memoryOf({ matrix, side, depth, down, across }: MatrixPlan): number {
  const tile = Math.max(side * (depth + PAD), depth * (side + PAD)) * bytesOf(matrix.component)
  return 2 * tile + down * across * matrix.m * matrix.n * bytesOf(matrix.result)
}

interface Panel {
  readonly name: 'a' | 'b'
  readonly along: Along
  readonly fours: boolean
  readonly origin: string
  readonly extent: string
  readonly depthStride: string
  readonly sideStride: string
}

/**
 * C = A B by matrices that a subgroup multiplies together (tensor cores), sums in float32. Panels go through workgroup memory
 * as they lie, [side][depth] or [depth][side], and the loads of matrices turn them; what is outside the matrices is zero
 * there. While a panel is multiplied, the next is read into registers. Results pass through workgroup memory, a matrix a
 * subgroup at a time, to be finished and stored.
 *
 * With subgroups of 32 and matrices of 16 x 16 x 16, a subgroup has 64 x 64 of a tile of 128 x 128: 16 multiplications for
 * eight matrices that it loads. Source of the form: https://github.com/gpuweb/gpuweb/blob/main/proposals/subgroup-matrix.md
 * and, of the syntax, Dawn's tests of `chromium_experimental_subgroup_matrix`.
 */
export function subgroupMatmul(launch: MatmulLaunch, plan: MatrixPlan): WgslSource {
  const { problem } = launch
  const { m, n, k, a, b, c } = problem
  const { matrix, side, depth, subgroupSize, down, across } = plan
  const tiles = { down: Math.ceil(m / side), across: Math.ceil(n / side) }
  const layout = (operand: typeof a, depthStride: number, sideStride: number, extent: number) => {
    const along = alongOf(depthStride, sideStride)
    const strides = { depth: depthStride, side: sideStride }
    return { along, fours: byFours(operand, along, strides, { depth: k, side: extent }) }
  }
  const layouts = { a: layout(a, a.column, a.row, m), b: layout(b, b.row, b.column, n) }
  const storeFours = storesFours(c, n)
  const fours = [...(['a', 'b'] as const).filter((name) => layouts[name].fours), ...(storeFours ? ['y'] : [])]
  const shape = `${matrix.component}${matrix.m}x${matrix.n}x${matrix.k}|${side}x${depth}|${subgroupSize}`
  return defineWgsl({
    variant: () => `${shape}|${layouts.a.along}|${layouts.b.along}|${fours}|${launch.epilogueKey}`,
    paramNames: [...launch.paramNames, 'tilesDown', 'tilesAcross'],
    params: () => [...launch.params, tiles.down, tiles.across],
    groups: () => batchesOf(problem) * tiles.down * tiles.across,
    buffers: launch.buffers,
    vectors: () => fours,
    functions: launch.functions,
    text(context) {
      const { p, gpu } = context
      const panels: [Panel, Panel] = [
        {
          ...{ name: 'a', ...layouts.a, origin: 'row0', extent: p('m') },
          ...{ depthStride: p('aColumn'), sideStride: p('aRow') },
        },
        {
          ...{ name: 'b', ...layouts.b, origin: 'column0', extent: p('n') },
          ...{ depthStride: p('bRow'), sideStride: p('bColumn') },
        },
      ]
      const [high, wide] = [side / down / matrix.m, side / across / matrix.n]
      const sums = Array.from({ length: high }, (_, i) => Array.from({ length: wide }, (_, j) => `sum${i}_${j}`))
      const { m: mm, n: mn, k: mk, component, result } = matrix
      const sumType = `subgroup_matrix_result<${result}, ${mn}, ${mm}>`
      return {
        workgroupSize: INVOCATIONS,
        ...(gpu.subgroupSizeControl ? { subgroupSize } : {}),
        directives: [
          'enable chromium_experimental_subgroup_matrix',
          ...(component === 'f16' ? ['enable f16'] : []),
          // Which subgroup one is in is the same for all of a subgroup, which WGSL's analysis does not know.
          'diagnostic(off, chromium.subgroup_matrix_uniformity)',
        ],
        usesSubgroups: true,
        declarations: `${panels.map((panel) => `var<workgroup> ${panel.name}Tile: array<${component}, ${rowsOf(panel, plan) * widthOf(panel, plan)}>;\n${fourOf(context, panel, component)}`).join('')}var<workgroup> results: array<${result}, ${down * across * mm * mn}>;
${writeFour(context, launch, storeFours)}fn write_matrix(base: i32, row: i32, column: i32, at: i32, lane: i32) {
  for (var four = lane; four < ${(mm * mn) / 4}; four += ${subgroupSize}) {
    let source = at + four * 4;
    write_four(base, row + four / ${mn / 4}, column + (four % ${mn / 4}) * 4, vec4<f32>(results[source], results[source + 1], results[source + 2], results[source + 3]));
  }
}
`,
        body: `${tileOrder(p, side, side)}${batchBases(p, `group / (${p('tilesDown')} * ${p('tilesAcross')})`)}
  let subgroup = lid / ${subgroupSize};
  let rowAt = (subgroup / ${across}) * ${side / down};
  let columnAt = (subgroup % ${across}) * ${side / across};
${panels.map((panel) => place(panel, plan)).join('\n')}
${panels.flatMap((panel) => carried(panel, plan).map((name) => `  var ${name} = vec4<${component}>();`)).join('\n')}
${sums
  .flat()
  .map((sum) => `  var ${sum} = ${sumType}();`)
  .join('\n')}
  // One step more than there are panels: a step multiplies the panel of the step before.
  for (var k0 = 0; k0 < ${p('k')} + ${depth}; k0 += ${depth}) {
    if (k0 < ${p('k')}) {
${panels.map((panel) => fetch(panel, plan, p('k'))).join('\n')}
    }
    if (k0 > 0) {
      for (var d = 0; d < ${depth}; d += ${mk}) {
${multiply(panels, plan, sums)}
      }
    }
    workgroupBarrier();
    if (k0 < ${p('k')}) {
${panels.map((panel) => put(panel, plan)).join('\n')}
    }
    workgroupBarrier();
  }
  let place = subgroup * ${mm * mn};
${sums
  .flatMap((row, i) =>
    row.map(
      (sum, j) => `  subgroupMatrixStore<row_major>(&results, u32(place), ${sum}, ${mn}u);
  workgroupBarrier();
  write_matrix(cBase, row0 + rowAt + ${i * mm}, column0 + columnAt + ${j * mn}, place, lid % ${subgroupSize});
  workgroupBarrier();`,
    ),
  )
  .join('\n')}`,
      }
    },
  })
}

/** A tile's rows, and the elements from one to the next. */
const rowsOf = ({ along }: Panel, { side, depth }: MatrixPlan): number => (along === 'depth' ? side : depth)
const widthOf = ({ along }: Panel, { side, depth }: MatrixPlan): number => (along === 'depth' ? depth : side) + PAD

/** The fours that an invocation carries at each step. */
const carried = ({ name }: Panel, { side, depth }: MatrixPlan): string[] =>
  Array.from({ length: (side * depth) / (4 * INVOCATIONS) }, (_, i) => `${name}Carried${i}`)

/** Tile rows between the fours of one invocation: neighbours take neighbours along a row. */
const stepOf = (panel: Panel, plan: MatrixPlan): number => (4 * INVOCATIONS) / (widthOf(panel, plan) - PAD)

function fourOf({ load, load4, half4 }: WgslContext, panel: Panel, component: 'f16' | 'f32'): string {
  const { name, along, fours, depthStride, sideStride } = panel
  const step = along === 'depth' ? depthStride : sideStride
  const zero = `${component}()`
  const each = (i: number): string => `select(${zero}, ${component}(${load(name, `at + ${i} * ${step}`)}), left > ${i})`
  const four = (): string => (component === 'f16' ? half4(name, 'at') : load4(name, 'at'))
  const value = fours
    ? `select(vec4<${component}>(), ${four()}, left > 0)`
    : `vec4<${component}>(${[0, 1, 2, 3].map(each).join(', ')})`
  return `fn ${name}_four(at: i32, left: i32) -> vec4<${component}> {\n  return ${value};\n}\n`
}

function place(panel: Panel, plan: MatrixPlan): string {
  const { name, along, origin, depthStride, sideStride } = panel
  const perRow = (widthOf(panel, plan) - PAD) / 4
  const [row, inRow] = along === 'depth' ? ['Side', 'Depth'] : ['Depth', 'Side']
  return `  let ${name}${inRow} = (lid % ${perRow}) * 4;
  let ${name}${row} = lid / ${perRow};
  let ${name}Place = ${name}${row} * ${widthOf(panel, plan)} + ${name}${inRow};
  let ${name}At = ${name}Base + (${origin} + ${name}Side) * ${sideStride} + ${name}Depth * ${depthStride};`
}

function fetch(panel: Panel, plan: MatrixPlan, k: string): string {
  const { name, along, origin, extent, depthStride, sideStride } = panel
  const step = stepOf(panel, plan)
  const stride = along === 'depth' ? sideStride : depthStride
  const sideLeft = (by: number): string => `${extent} - (${origin} + ${name}Side + ${by})`
  const depthLeft = (by: number): string => `${k} - (k0 + ${name}Depth + ${by})`
  const lines = carried(panel, plan).map((to, i) => {
    const [left, across] = along === 'depth' ? [depthLeft(0), sideLeft(i * step)] : [sideLeft(0), depthLeft(i * step)]
    const at = `${name}At + k0 * ${depthStride} + ${i * step} * ${stride}`
    return `      ${to} = ${name}_four(${at}, select(0, ${left}, ${across} > 0));`
  })
  return lines.join('\n')
}

function put(panel: Panel, plan: MatrixPlan): string {
  const { name } = panel
  return carried(panel, plan)
    .map((from, i) => {
      const at = `${name}Place + ${i * stepOf(panel, plan) * widthOf(panel, plan)}`
      return `      ${[0, 1, 2, 3].map((lane) => `${name}Tile[${at} + ${lane}] = ${from}[${lane}];`).join(' ')}`
    })
    .join('\n')
}

function multiply([a, b]: readonly [Panel, Panel], plan: MatrixPlan, sums: readonly (readonly string[])[]): string {
  const { m, n, k, component } = plan.matrix
  const load = (panel: Panel, type: string, from: string, rowsAreSides: boolean): string => {
    const width = widthOf(panel, plan)
    const at = panel.along === 'depth' ? `(${from}) * ${width} + d` : `d * ${width} + ${from}`
    const major = (panel.along === 'depth') === rowsAreSides ? 'row_major' : 'col_major'
    return `subgroupMatrixLoad<${type}, ${major}>(&${panel.name}Tile, u32(${at}), ${width}u)`
  }
  const lines = [
    ...(sums[0] ?? []).map(
      (_, j) =>
        `let right${j} = ${load(b, `subgroup_matrix_right<${component}, ${n}, ${k}>`, `columnAt + ${j * n}`, false)};`,
    ),
    ...sums.flatMap((row, i) => [
      `let left${i} = ${load(a, `subgroup_matrix_left<${component}, ${k}, ${m}>`, `rowAt + ${i * m}`, true)};`,
      ...row.map((sum, j) => `${sum} = subgroupMatrixMultiplyAccumulate(left${i}, right${j}, ${sum});`),
    ]),
  ]
  return lines.map((line) => `        ${line}`).join('\n')
}
