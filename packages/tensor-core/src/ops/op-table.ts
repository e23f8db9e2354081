import { absRecord } from './abs.js'
import { addRecord } from './add.js'
import { afterRecord } from './after.js'
import { amaxRecord } from './amax.js'
import { aminRecord } from './amin.js'
import { argmaxRecord } from './argmax.js'
import { argsortRecord } from './argsort.js'
import { bitAndRecord } from './bit-and.js'
import { bitNotRecord } from './bit-not.js'
import { bitOrRecord } from './bit-or.js'
import { bitXorRecord } from './bit-xor.js'
import { bitcastRecord } from './bitcast.js'
import { castRecord } from './cast.js'
import { concatRecord } from './concat.js'
import { copyRecord } from './copy.js'
import { cosRecord } from './cos.js'
import { cumsumRecord } from './cumsum.js'
import { decodeBlocksRecord } from './decode-blocks.js'
import { divRecord } from './div.js'
import { dynamicSliceRecord } from './dynamic-slice.js'
import { dynamicUpdateSliceRecord } from './dynamic-update-slice.js'
import { encodeBlocksRecord } from './encode-blocks.js'
import { eqRecord } from './eq.js'
import { erfRecord } from './erf.js'
import { expRecord } from './exp.js'
import { expandRecord } from './expand.js'
import { flipRecord } from './flip.js'
import { floorRecord } from './floor.js'
import { floorDivideRecord } from './floor-divide.js'
import { fullRecord } from './full.js'
import { gradientLinkRecord } from './gradient-link.js'
import { iotaRecord } from './iota.js'
import { leRecord } from './le.js'
import { logRecord } from './log.js'
import { logicalNotRecord } from './logical-not.js'
import { ltRecord } from './lt.js'
import { matmulRecord } from './matmul.js'
import { maximumRecord } from './maximum.js'
import { minimumRecord } from './minimum.js'
import { modRecord } from './mod.js'
import { mulRecord } from './mul.js'
import { negRecord } from './neg.js'
import type { OpRecord } from './op-record.js'
import { padRecord } from './pad.js'
import { permuteRecord } from './permute.js'
import { powRecord } from './pow.js'
import { randomBitsRecord } from './random-bits.js'
import { reshapeRecord } from './reshape.js'
import { roundHalfEvenRecord } from './round-half-even.js'
import { rsqrtRecord } from './rsqrt.js'
import { scatterRecord } from './scatter.js'
import { scatterAddRecord } from './scatter-add.js'
import { segmentSumRecord } from './segment-sum.js'
import { shiftLeftRecord } from './shift-left.js'
import { shiftRightRecord } from './shift-right.js'
import { signRecord } from './sign.js'
import { sinRecord } from './sin.js'
import { sliceRecord } from './slice.js'
import { sqrtRecord } from './sqrt.js'
import { stopGradientRecord } from './stop-gradient.js'
import { subRecord } from './sub.js'
import { sumRecord } from './sum.js'
import { takeRecord } from './take.js'
import { takeAlongAxisRecord } from './take-along-axis.js'
import { tanhRecord } from './tanh.js'
import { whereRecord } from './where.js'

/** The names of all primitive ops: the union is closed, so a table over it that lacks one does not compile. */
export type OpName =
  | 'abs'
  | 'add'
  | 'after'
  | 'amax'
  | 'amin'
  | 'argmax'
  | 'argsort'
  | 'bitAnd'
  | 'bitNot'
  | 'bitOr'
  | 'bitXor'
  | 'bitcast'
  | 'cast'
  | 'concat'
  | 'copy'
  | 'cos'
  | 'cumsum'
  | 'decodeBlocks'
  | 'div'
  | 'dynamicSlice'
  | 'dynamicUpdateSlice'
  | 'encodeBlocks'
  | 'eq'
  | 'erf'
  | 'exp'
  | 'expand'
  | 'flip'
  | 'floor'
  | 'floorDivide'
  | 'full'
  | 'gradientLink'
  | 'iota'
  | 'le'
  | 'log'
  | 'logicalNot'
  | 'lt'
  | 'matmul'
  | 'maximum'
  | 'minimum'
  | 'mod'
  | 'mul'
  | 'neg'
  | 'pad'
  | 'permute'
  | 'pow'
  | 'randomBits'
  | 'reshape'
  | 'roundHalfEven'
  | 'rsqrt'
  | 'scatter'
  | 'scatterAdd'
  | 'segmentSum'
  | 'shiftLeft'
  | 'shiftRight'
  | 'sign'
  | 'sin'
  | 'slice'
  | 'sqrt'
  | 'stopGradient'
  | 'sub'
  | 'sum'
  | 'take'
  | 'takeAlongAxis'
  | 'tanh'
  | 'where'

/**
 * Every op's record by its name, for tests and documentation that go over all of them. Nodes carry their records: nothing that
 * runs looks ops up here, and a bundle holds only the ops it uses.
 */
export const opTable: { readonly [N in OpName]: OpRecord } = {
  abs: absRecord,
  add: addRecord,
  after: afterRecord,
  amax: amaxRecord,
  amin: aminRecord,
  argmax: argmaxRecord,
  argsort: argsortRecord,
  bitAnd: bitAndRecord,
  bitNot: bitNotRecord,
  bitOr: bitOrRecord,
  bitXor: bitXorRecord,
  bitcast: bitcastRecord,
  cast: castRecord,
  concat: concatRecord,
  copy: copyRecord,
  cos: cosRecord,
  cumsum: cumsumRecord,
  decodeBlocks: decodeBlocksRecord,
  div: divRecord,
  dynamicSlice: dynamicSliceRecord,
  dynamicUpdateSlice: dynamicUpdateSliceRecord,
  encodeBlocks: encodeBlocksRecord,
  eq: eqRecord,
  erf: erfRecord,
  exp: expRecord,
  expand: expandRecord,
  flip: flipRecord,
  floor: floorRecord,
  floorDivide: floorDivideRecord,
  full: fullRecord,
  gradientLink: gradientLinkRecord,
  iota: iotaRecord,
  le: leRecord,
  log: logRecord,
  logicalNot: logicalNotRecord,
  lt: ltRecord,
  matmul: matmulRecord,
  maximum: maximumRecord,
  minimum: minimumRecord,
  mod: modRecord,
  mul: mulRecord,
  neg: negRecord,
  pad: padRecord,
  permute: permuteRecord,
  pow: powRecord,
  randomBits: randomBitsRecord,
  reshape: reshapeRecord,
  roundHalfEven: roundHalfEvenRecord,
  rsqrt: rsqrtRecord,
  scatter: scatterRecord,
  scatterAdd: scatterAddRecord,
  segmentSum: segmentSumRecord,
  shiftLeft: shiftLeftRecord,
  shiftRight: shiftRightRecord,
  sign: signRecord,
  sin: sinRecord,
  slice: sliceRecord,
  sqrt: sqrtRecord,
  stopGradient: stopGradientRecord,
  sub: subRecord,
  sum: sumRecord,
  take: takeRecord,
  takeAlongAxis: takeAlongAxisRecord,
  tanh: tanhRecord,
  where: whereRecord,
}

export const OP_NAMES = Object.keys(opTable) as readonly OpName[]
