import { FunctionCode, OP, type WasmFunction } from './wasm-assembler.js'

const P1 = 0x9e3779b185ebca87n
const P2 = 0xc2b2ae3d27d4eb4fn
const P3 = 0x165667b19e3779f9n
const P4 = 0x85ebca77c2b2ae63n
const P5 = 0x27d4eb2f165667c5n

/**
 * `xxhash64(address, length)`: XXH64 with seed 0 of the bytes there.
 * Source: Yann Collet, xxHash fast digest algorithm, version 0.1.1, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
 */
export function xxhash64Code(): WasmFunction {
  const f = new FunctionCode(['i32', 'i32'], 'i64')
  const [at, length] = [0, 1]
  const end = f.local('i32')
  const hash = f.local('i64')
  const accumulators = Array.from({ length: 4 }, () => f.local('i64'))

  /** On the stack an accumulator, then a lane: gives the accumulator after it. */
  const round = () => f.i64(P2).op(OP.i64Mul, OP.i64Add).i64(31n).op(OP.i64Rotl).i64(P1).op(OP.i64Mul)
  const advance = (bytes: number) => f.get(at).i32(bytes).op(OP.i32Add).set(at)
  const remain = (bytes: number) => f.get(at).i32(bytes).op(OP.i32Add).get(end).op(OP.i32LeU)

  f.get(at, length).op(OP.i32Add).set(end)
  f.i64(P5).set(hash)
  remain(32).when(() => {
    const starts = [P1 + P2, P2, 0n, -P1]
    accumulators.forEach((local, i) => f.i64(starts[i] as bigint).set(local))
    f.loopWhile(() => {
      accumulators.forEach((local, i) => {
        f.get(local, at).memory(OP.i64Load, 8 * i)
        round().set(local)
      })
      advance(32)
      remain(32)
    })
    const turns = [1n, 7n, 12n, 18n]
    f.i64(0n)
    accumulators.forEach((local, i) =>
      f
        .get(local)
        .i64(turns[i] as bigint)
        .op(OP.i64Rotl, OP.i64Add),
    )
    f.set(hash)
    for (const local of accumulators) {
      f.get(hash).i64(0n).get(local)
      round().op(OP.i64Xor).i64(P1).op(OP.i64Mul).i64(P4).op(OP.i64Add).set(hash)
    }
  })
  f.get(hash, length).op(OP.i64ExtendI32U, OP.i64Add).set(hash)
  remain(8).when(() =>
    f.loopWhile(() => {
      f.get(hash).i64(0n).get(at).memory(OP.i64Load)
      round().op(OP.i64Xor).i64(27n).op(OP.i64Rotl).i64(P1).op(OP.i64Mul).i64(P4).op(OP.i64Add).set(hash)
      advance(8)
      remain(8)
    }),
  )
  remain(4).when(() => {
    f.get(hash, at).memory(OP.i64Load32U).i64(P1).op(OP.i64Mul, OP.i64Xor)
    f.i64(23n).op(OP.i64Rotl).i64(P2).op(OP.i64Mul).i64(P3).op(OP.i64Add).set(hash)
    advance(4)
  })
  remain(1).when(() =>
    f.loopWhile(() => {
      f.get(hash, at).memory(OP.i32Load8U).op(OP.i64ExtendI32U).i64(P5).op(OP.i64Mul, OP.i64Xor)
      f.i64(11n).op(OP.i64Rotl).i64(P1).op(OP.i64Mul).set(hash)
      advance(1)
      remain(1)
    }),
  )
  const mix = (shift: bigint) => f.get(hash, hash).i64(shift).op(OP.i64ShrU, OP.i64Xor)
  mix(33n).i64(P2).op(OP.i64Mul).set(hash)
  mix(29n).i64(P3).op(OP.i64Mul).set(hash)
  mix(32n)
  return f.finish()
}

/**
 * `xxhashRuns(text, starts, count, size, out)`: for each run of `size` words its XXH64. The parameters are those of `sha1Code`.
 * @param xxhash64 the number of that function in the module
 */
export function xxhashRunsCode(xxhash64: number): WasmFunction {
  const f = new FunctionCode(['i32', 'i32', 'i32', 'i32', 'i32'])
  const [text, starts, count, size, out] = [0, 1, 2, 3, 4]
  const end = f.local('i32')
  f.get(starts, count).i32(2).op(OP.i32Shl, OP.i32Add).set(end)
  f.loopWhile(() => {
    f.get(out)
    f.get(text, starts).memory(OP.i32Load).op(OP.i32Add)
    f.get(starts, size).i32(2).op(OP.i32Shl, OP.i32Add).memory(OP.i32Load).i32(1).op(OP.i32Sub)
    f.get(starts).memory(OP.i32Load).op(OP.i32Sub)
    f.call(xxhash64).memory(OP.i64Store)
    f.get(out).i32(8).op(OP.i32Add).set(out)
    f.get(starts).i32(4).op(OP.i32Add).tee(starts).get(end).op(OP.i32LtU)
  })
  return f.finish()
}
