import { FunctionCode, OP, type WasmFunction } from './wasm-assembler.js'

const PRIME = 2n ** 61n - 1n
/** Above every value, as the first minimum. */
const NONE = 2n ** 63n

/**
 * `quickMinimums(hashes, count, a, b, out, functions)`: out[k] = min over i of ((hashes[i] a[k] + b[k]) mod 2^64) mod (2^61 - 1), unless
 * it returns 1: then `exactMinimums` has to do it.
 *
 * With u = x a + b, the sum v = (u mod 2^61) + floor(u / 2^61) is u modulo the prime, or the prime or up to seven more than it:
 * once in 2^58 times. So the loop takes minima of v + 1 and only gathers the bits of all of them; bit 61 among them is that case.
 *
 * For 496 hashes and 112 functions this takes 46 us and the exact loop 60 us; one function a pass takes 53 us, four take 45 us.
 * Vectors of two 64-bit lanes would take 43 us on this machine, but they need a 64-bit multiplication of vectors, which ARM does not
 * have (November 2026, Node 20, one core of an AMD EPYC).
 *
 * All addresses are of u64 values.
 * @param count at least 1
 * @param functions an even number of at least 2
 */
export function quickMinimumsCode(): WasmFunction {
  const f = new FunctionCode(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], 'i32')
  const [hashes, count, a, b, out, functions] = [0, 1, 2, 3, 4, 5]
  const [end, at, lastOut] = [f.local('i32'), f.local('i32'), f.local('i32')]
  const factors = [f.local('i64'), f.local('i64')]
  const terms = [f.local('i64'), f.local('i64')]
  const minima = [f.local('i64'), f.local('i64')]
  const [hash, value, bits] = [f.local('i64'), f.local('i64'), f.local('i64')]

  f.get(hashes, count).i32(3).op(OP.i32Shl, OP.i32Add).set(end)
  f.get(out, functions).i32(3).op(OP.i32Shl, OP.i32Add).set(lastOut)
  f.loopWhile(() => {
    for (const k of [0, 1]) {
      f.get(a)
        .memory(OP.i64Load, 8 * k)
        .set(factors[k] as number)
      f.get(b)
        .memory(OP.i64Load, 8 * k)
        .set(terms[k] as number)
      f.i64(NONE).set(minima[k] as number)
    }
    f.get(hashes).set(at)
    f.loopWhile(() => {
      f.get(at).memory(OP.i64Load).set(hash)
      for (const k of [0, 1]) {
        const minimum = minima[k] as number
        pushReduced(f, hash, factors[k] as number, terms[k] as number, value)
        f.i64(1n).op(OP.i64Add).tee(value).get(bits).op(OP.i64Or).set(bits)
        f.get(value, minimum).op(OP.i64LtU)
        f.when(() => f.get(value).set(minimum))
      }
      f.get(at).i32(8).op(OP.i32Add).tee(at).get(end).op(OP.i32LtU)
    })
    for (const k of [0, 1])
      f.get(out, minima[k] as number)
        .i64(1n)
        .op(OP.i64Sub)
        .memory(OP.i64Store, 8 * k)
    for (const pointer of [a, b]) f.get(pointer).i32(16).op(OP.i32Add).set(pointer)
    f.get(out).i32(16).op(OP.i32Add).tee(out).get(lastOut).op(OP.i32LtU)
  })
  f.get(bits)
    .i64(PRIME + 1n)
    .op(OP.i64GeU)
  return f.finish()
}

/**
 * `exactMinimums`: the same for any case, with every value brought below the prime. `lowMinimums`, with `low`: of the values' low 32
 * bits, as datatrove has it where hashes have a precision of 32.
 */
export function exactMinimumsCode({ low = false } = {}): WasmFunction {
  const f = new FunctionCode(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'])
  const [hashes, count, a, b, out, functions] = [0, 1, 2, 3, 4, 5]
  const [end, at, lastOut] = [f.local('i32'), f.local('i32'), f.local('i32')]
  const [factor, term, hash] = [f.local('i64'), f.local('i64'), f.local('i64')]
  const [value, minimum] = [f.local('i64'), f.local('i64')]
  f.get(hashes, count).i32(3).op(OP.i32Shl, OP.i32Add).set(end)
  f.get(out, functions).i32(3).op(OP.i32Shl, OP.i32Add).set(lastOut)
  f.loopWhile(() => {
    f.get(a).memory(OP.i64Load).set(factor)
    f.get(b).memory(OP.i64Load).set(term)
    f.i64(NONE).set(minimum)
    f.get(hashes).set(at)
    f.loopWhile(() => {
      f.get(at).memory(OP.i64Load).set(hash)
      pushReduced(f, hash, factor, term, value)
      f.tee(value).i64(PRIME).op(OP.i64Sub).get(value)
      f.get(value).i64(PRIME).op(OP.i64GeU, OP.select)
      if (low) f.i64(0xffffffffn).op(OP.i64And)
      f.tee(value)
      f.get(minimum, value, minimum).op(OP.i64LtU, OP.select).set(minimum)
      f.get(at).i32(8).op(OP.i32Add).tee(at).get(end).op(OP.i32LtU)
    })
    f.get(out, minimum).memory(OP.i64Store)
    for (const pointer of [a, b]) f.get(pointer).i32(8).op(OP.i32Add).set(pointer)
    f.get(out).i32(8).op(OP.i32Add).tee(out).get(lastOut).op(OP.i32LtU)
  })
  return f.finish()
}

/** Puts v on the stack; `spare` is overwritten. */
function pushReduced(f: FunctionCode, hash: number, factor: number, term: number, spare: number): void {
  f.get(hash, factor).op(OP.i64Mul).get(term).op(OP.i64Add).tee(spare)
  f.i64(PRIME).op(OP.i64And).get(spare).i64(61n).op(OP.i64ShrU, OP.i64Add)
}
