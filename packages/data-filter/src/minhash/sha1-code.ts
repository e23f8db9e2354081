import { FunctionCode, OP, type WasmFunction } from './wasm-assembler.js'

/** Bytes reversed in each of four words. */
const SWAP = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]
/** A shuffle of the words 0 to 3 of one vector and 4 to 7 of another. */
const words = (...list: readonly number[]) => list.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte))

const START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
const ADDEND = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6]

/**
 * `sha1(text, starts, count, size, out)`: for each run of `size` words, the first eight bytes of the SHA-1 of its bytes.
 *
 * Four runs at once, one a lane: a run is a block or two, and the 80 steps of a block depend on each other, so that one run
 * alone would leave most of the processor idle. A lane whose run is shorter than another's keeps its state in the blocks it
 * does not have. Source: FIPS 180-4, sections 5.1.1 and 6.1, https://doi.org/10.6028/NIST.FIPS.180-4.
 *
 * @param text address of the text; it is read up to twice its length and 256 bytes behind it
 * @param starts address of the words' places in the text, u32, with the place behind the last word's space at the end
 * @param count runs, at least 1
 * @param out address of the u64 results; up to three more than `count` are written
 */
export function sha1Code(): WasmFunction {
  const f = new FunctionCode(['i32', 'i32', 'i32', 'i32', 'i32'])
  const [text, starts, count, size, out] = [0, 1, 2, 3, 4]
  const [index, place, block, blocks] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
  const address = Array.from({ length: 4 }, () => f.local('i32'))
  const [lengths, blockCounts, left] = [f.local('v128'), f.local('v128'), f.local('v128')]
  const state = START.map(() => f.local('v128'))
  const work = START.map(() => f.local('v128'))
  const message = Array.from({ length: 16 }, () => f.local('v128'))
  const rows = Array.from({ length: 4 }, () => f.local('v128'))
  const pairs = Array.from({ length: 4 }, () => f.local('v128'))
  const [rest, spare] = [f.local('v128'), f.local('v128')]

  const rotate = (local: number, bits: number) =>
    f
      .get(local)
      .i32(bits)
      .op(OP.i32x4Shl)
      .get(local)
      .i32(32 - bits)
      .op(OP.i32x4ShrU, OP.v128Or)

  const readPlaces = (lane: number) => {
    // The last lanes of the last four may lie behind the end: they repeat the last run.
    f.get(index).i32(lane).op(OP.i32Add).tee(place)
    f.get(count).i32(1).op(OP.i32Sub)
    f.get(place, count).op(OP.i32LtU, OP.select).tee(place)
    f.i32(2).op(OP.i32Shl).get(starts).op(OP.i32Add).tee(place).memory(OP.i32Load).get(text).op(OP.i32Add)
    f.set(address[lane] as number)
    f.get(lengths)
    f.get(place).get(size).i32(2).op(OP.i32Shl, OP.i32Add).memory(OP.i32Load).i32(1).op(OP.i32Sub)
    f.get(place).memory(OP.i32Load).op(OP.i32Sub)
    f.lane(OP.i32x4ReplaceLane, lane).set(lengths)
  }

  /** Sixteen bytes of each lane's block: what is of the run, then 0x80, then zeros; as words of the message. */
  const readMessage = (part: number) => {
    const numbers = Array.from({ length: 16 }, (_, byte) => 16 * part + byte)
    for (let lane = 0; lane < 4; lane++) {
      f.get(left).lane(OP.i32x4ExtractLane, lane).op(OP.i8x16Splat).set(rest)
      f.get(address[lane] as number).memory(OP.v128Load, 16 * part)
      f.v128(numbers).get(rest).op(OP.i8x16LtS, OP.v128And)
      f.v128(numbers).get(rest).op(OP.i8x16Eq).i32x4(0x80808080).op(OP.v128And, OP.v128Or).tee(spare)
      f.get(spare)
        .shuffle(SWAP)
        .set(rows[lane] as number)
    }
    const [r0, r1, r2, r3] = rows as [number, number, number, number]
    const [p0, p1, p2, p3] = pairs as [number, number, number, number]
    f.get(r0, r1)
      .shuffle(words(0, 4, 1, 5))
      .set(p0)
    f.get(r2, r3)
      .shuffle(words(0, 4, 1, 5))
      .set(p1)
    f.get(r0, r1)
      .shuffle(words(2, 6, 3, 7))
      .set(p2)
    f.get(r2, r3)
      .shuffle(words(2, 6, 3, 7))
      .set(p3)
    f.get(p0, p1)
      .shuffle(words(0, 1, 4, 5))
      .set(message[4 * part] as number)
    f.get(p0, p1)
      .shuffle(words(2, 3, 6, 7))
      .set(message[4 * part + 1] as number)
    f.get(p2, p3)
      .shuffle(words(0, 1, 4, 5))
      .set(message[4 * part + 2] as number)
    f.get(p2, p3)
      .shuffle(words(2, 3, 6, 7))
      .set(message[4 * part + 3] as number)
  }

  const choose = (step: number, b: number, c: number, d: number) => {
    const quarter = Math.floor(step / 20)
    if (quarter === 0) f.get(c, d, b).op(OP.v128Bitselect)
    // The majority: c where b and d differ is what d is not; where they agree it is theirs.
    else if (quarter === 2) f.get(c, b, b, d).op(OP.v128Xor, OP.v128Bitselect)
    else f.get(b, c).op(OP.v128Xor).get(d).op(OP.v128Xor)
  }

  const steps = () => {
    for (let step = 0; step < 80; step++) {
      const word = message[step % 16] as number
      if (step >= 16) {
        const earlier = (back: number) => message[(step - back) % 16] as number
        f.get(earlier(3), earlier(8)).op(OP.v128Xor).get(earlier(14)).op(OP.v128Xor).get(word).op(OP.v128Xor).set(spare)
        rotate(spare, 1).set(word)
      }
      // Instead of moving five values, their names move.
      const [a, b, c, d, e] = [0, 1, 2, 3, 4].map((role) => work[(role + 80 - step) % 5]) as [
        number,
        number,
        number,
        number,
        number,
      ]
      f.get(e, word)
        .op(OP.i32x4Add)
        .i32x4(ADDEND[Math.floor(step / 20)] as number)
        .op(OP.i32x4Add)
      choose(step, b, c, d)
      f.op(OP.i32x4Add)
      rotate(a, 5).op(OP.i32x4Add).set(e)
      rotate(b, 30).set(b)
    }
  }

  f.loopWhile(() => {
    for (let lane = 0; lane < 4; lane++) readPlaces(lane)
    f.get(lengths).i32x4(72).op(OP.i32x4Add).i32(6).op(OP.i32x4ShrU).set(blockCounts)
    f.i32(0).set(blocks)
    for (let lane = 0; lane < 4; lane++) {
      f.get(blocks).get(blockCounts).lane(OP.i32x4ExtractLane, lane)
      f.get(blocks).get(blockCounts).lane(OP.i32x4ExtractLane, lane).op(OP.i32GtU, OP.select).set(blocks)
    }
    START.forEach((value, i) => f.i32x4(value).set(state[i] as number))
    f.i32(0).set(block)
    f.loopWhile(() => {
      f.get(lengths).get(block).i32(6).op(OP.i32Shl, OP.i32x4Splat, OP.i32x4Sub)
      f.i32x4(-1).op(OP.i32x4MaxS).i32x4(64).op(OP.i32x4MinS).set(left)
      for (let part = 0; part < 4; part++) readMessage(part)
      // The length in bits stands at the end of a run's last block.
      const last = message[15] as number
      f.get(blockCounts).get(block).i32(1).op(OP.i32Add, OP.i32x4Splat, OP.i32x4Eq)
      f.get(lengths).i32(3).op(OP.i32x4Shl, OP.v128And).get(last).op(OP.v128Or).set(last)
      state.forEach((value, i) => f.get(value).set(work[i] as number))
      steps()
      state.forEach((value, i) => {
        f.get(value, work[i] as number)
          .op(OP.i32x4Add)
          .get(value)
        f.get(blockCounts).get(block).op(OP.i32x4Splat, OP.i32x4GtS, OP.v128Bitselect).set(value)
      })
      for (const lane of address) f.get(lane).i32(64).op(OP.i32Add).set(lane)
      f.get(block).i32(1).op(OP.i32Add).tee(block).get(blocks).op(OP.i32LtU)
    })
    for (const half of [0, 1]) {
      const value = state[half] as number
      f.get(value, value).shuffle(SWAP).set(value)
    }
    f.get(out, state[0] as number, state[1] as number)
      .shuffle(words(0, 4, 1, 5))
      .memory(OP.v128Store)
    f.get(out, state[0] as number, state[1] as number)
      .shuffle(words(2, 6, 3, 7))
      .memory(OP.v128Store, 16)
    f.get(out).i32(32).op(OP.i32Add).set(out)
    f.get(index).i32(4).op(OP.i32Add).tee(index).get(count).op(OP.i32LtU)
  })
  return f.finish()
}
