import * as v from '@almanac/tensor-core/kernel'

/** 2^r for |r| <= 0.5, relative error 2e-7. */
const COEFFICIENTS = [1, 0.69314694, 0.2402212, 0.055507131, 0.009675541, 0.0013276472]
/** Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits. */
const ROUND = 12582912
/** Below it 2^x may be no normal number. */
const LEAST = -125

/**
 * Declares 2^x for vectors, within 3 ulp, for x below 127: 0 under 2^-125, and a NaN stays one. The constants are bound
 * here, ahead of the loop that uses the function, because V8 makes them anew in every turn otherwise.
 */
export function declareExp2(k: v.KernelBuilder): (x: v.Value) => v.Value {
  const vector = (value: number): v.Value => k.let(v.splat(v.f32(value), 4), 'constant')
  const coefficients = COEFFICIENTS.map(vector)
  const [round, least, zero] = [vector(ROUND), vector(LEAST), vector(0)]
  return (x) => {
    const shifted = k.let(v.add(x, round))
    const r = k.let(v.sub(x, v.sub(shifted, round)))
    let sum = coefficients.at(-1) as v.Value
    for (const coefficient of coefficients.slice(0, -1).reverse()) sum = v.fma(sum, r, coefficient)
    // Times 2^n: n goes to the exponent; the bits of ROUND itself leave by the top.
    const bits = v.add(v.bitcast(sum, 'i32'), v.shl(v.bitcast(shifted, 'i32'), 23))
    return v.select(v.lt(x, least), zero, v.bitcast(bits, 'f32'))
  }
}
