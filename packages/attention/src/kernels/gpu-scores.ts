import type { WgslContext } from '@almanac/tensor-core/wgsl'
import type { FlashKind } from './gpu-launch.js'

type Context = Pick<WgslContext, 'p' | 'f' | 'load'>

/**
 * From products q . k of four rows to scores, in units of log 2 but with a bias (see `gpuParams`), and from those to weights. What
 * a launch does not need is not in its text.
 */
export interface GpuScores {
  readonly declarations: string
  /** Statements that make the vector `score` of products a vector of scores; `tanh`: the name of what is under the cap, to declare. */
  scores(score: string, tanh: string): string
  /** The weights e^(score - by). */
  weights(score: string, by: string): string
  /** e^(a - b) of finite numbers, four at once or one. */
  fade(a: string, b: string, type?: 'f32'): string
  /** From a maximum of scores to one in units of 1. */
  toLse(largest: string): string
  /** The gradient of the products, but for the scale, from that of the scores. */
  gradient(change: string, tanh: string): string
  /** Statements that add what is beside a score, for each of four (row, key): `at` the row's place in the bias, and `seen`. */
  addBias(score: string, seen: string, at: (i: number) => string): string
}

/** 2^x; a NaN stays one, whatever the hardware makes of it. Differences from near the largest float may be beyond all. */
const weight = (bounded: boolean): string => `fn weight(x: vec4<f32>) -> vec4<f32> {
  return select(exp2(${bounded ? 'max(x, vec4<f32>(-200.0))' : 'x'}), x, (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u));
}
`

const TANH = `fn tanh_of(x: vec4<f32>) -> vec4<f32> { return vec4<f32>(f_tanh(x.x), f_tanh(x.y), f_tanh(x.z), f_tanh(x.w)); }
`

/** A finite number below all scores. WGSL may assume that there are no infinities. */
const START = 'const START = vec4<f32>(-3.4028234e38);\n'

export function gpuScores({ p, f, load }: Context, kind: FlashKind, capped: boolean): GpuScores {
  const biased = kind === 'biased'
  const difference = (a: string, b: string): string => (biased ? `(${a} - ${b}) * ${Math.LOG2E}` : `${a} - ${b}`)
  /** The row of a bias that all heads may share, as its first element. */
  const biasRow = `fn bias_row(query_row: i32) -> i32 {
  return select(query_row / ${p('heads')}, query_row, ${p('biasHeads')} > 1) * ${p('biasLength')};
}
`
  return {
    declarations: `${START}${weight(biased)}${capped ? TANH : ''}${biased ? biasRow : ''}`,
    scores: (score, tanh) =>
      capped
        ? `    let ${tanh} = tanh_of(${score} * ${f('scale')});
    ${score} = ${tanh} * ${f('cap')};`
        : `    ${score} *= ${f('scale')};`,
    weights: (score, by) => `weight(${difference(score, by)})`,
    fade: (a, b, type?: 'f32') =>
      biased ? `exp2(max(${difference(a, b)}, ${type ?? 'vec4<f32>'}(-200.0)))` : `exp2(${difference(a, b)})`,
    toLse: (largest) => (biased ? largest : `${largest} * ${Math.LN2}`),
    gradient: (change, tanh) => (capped ? `${change} * (1.0 - ${tanh} * ${tanh})` : change),
    addBias(score, seen, at) {
      if (!biased) return ''
      // A bias of -infinity hides a key; the others are finite, and so are their sums.
      return [0, 1, 2, 3]
        .map((i) => {
          return `    {
      let bias = ${load('bias', `select(0, ${at(i)}, ${seen}[${i}])`)};
      ${seen}[${i}] = ${seen}[${i}] && bitcast<u32>(bias) != 0xff800000u;
      ${score}[${i}] += bias;
    }`
        })
        .join('\n')
    },
  }
}
