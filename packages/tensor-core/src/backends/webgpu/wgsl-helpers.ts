/** The largest relative error of exp, log, sin, cos, tanh and erf below (sin and cos near a zero: absolute). */
export const WGSL_MATH_ERROR = 3e-7

/**
 * WGSL functions that the emitted kernels call where the language's own are too loose. WGSL lets an implementation
 * assume that there are no NaNs and infinities, asks for 2^-11 of sin and cos, and rounds float16 as it likes; SwiftShader
 * gives log(0) = -88, tanh(inf) = NaN and NaN != NaN false. So special values are found by their bits, and exp, log, sin,
 * cos, tanh and erf are polynomials (minimax fits of our own, all within WGSL_MATH_ERROR of the exact value).
 */
const HELPERS = {
  // A call is not a const-expression, so infinities and NaNs pass WGSL's validation through it.
  from_bits: 'fn from_bits(b: u32) -> f32 { return bitcast<f32>(b); }',
  opaque_i32: 'fn opaque_i32(x: i32) -> i32 { return x; }',
  opaque_u32: 'fn opaque_u32(x: u32) -> u32 { return x; }',
  is_nan: 'fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }',
  f_max: 'fn f_max(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, is_nan(b)), a, is_nan(a)); }',
  f_min: 'fn f_min(a: f32, b: f32) -> f32 { return select(select(min(a, b), b, is_nan(b)), a, is_nan(a)); }',
  // -2147483648 / -1 is -2147483648; WGSL says so, and x / 0 is made 0.
  i_div: 'fn i_div(a: i32, b: i32) -> i32 { return select(a / select(b, 1, b == 0), 0, b == 0); }',
  i_rem: 'fn i_rem(a: i32, b: i32) -> i32 { return select(a % select(b, 1, b == 0), 0, b == 0); }',
  u_div: 'fn u_div(a: u32, b: u32) -> u32 { return select(a / select(b, 1u, b == 0u), 0u, b == 0u); }',
  u_rem: 'fn u_rem(a: u32, b: u32) -> u32 { return select(a % select(b, 1u, b == 0u), 0u, b == 0u); }',
  f_to_i32: `fn f_to_i32(x: f32) -> i32 {
  if (is_nan(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x < -2147483648.0) { return -2147483648; }
  return i32(x);
}`,
  f_to_u32: `fn f_to_u32(x: f32) -> u32 {
  if (is_nan(x) || x <= 0.0) { return 0u; }
  if (x >= 4294967296.0) { return 4294967295u; }
  return u32(x);
}`,
  pow2: 'fn pow2(k: i32) -> f32 { return bitcast<f32>(u32(k + 127) << 23u); }',
  // exp(x) = 2^n e^r; 2^n in two factors reaches subnormal results and overflows to infinity.
  f_exp: `fn f_exp(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let y = clamp(x, -104.0, 89.0);
  let n = round(y * 1.44269504);
  let r = (y - n * 0.693359375) + n * 2.12194440e-4;
  let p = 0.5 + r * (0.16666576 + r * (0.041666374 + r * (0.0083633354 + r * 0.0013941388)));
  let k = i32(n);
  let half = k >> 1u;
  return ((1.0 + (r + r * r * p)) * pow2(half)) * pow2(k - half);
}`,
  // log(x) = k ln 2 + log(m), m in [sqrt(1/2), sqrt(2)); log(m) by s = (m - 1) / (m + 1).
  f_log: `fn f_log(x: f32) -> f32 {
  var bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) == 0u) { return from_bits(0xff800000u); }
  if (bits > 0x7f800000u) { return from_bits(0x7fc00000u); }
  if (bits == 0x7f800000u) { return x; }
  var k = 0;
  if (bits < 0x00800000u) {
    bits = bitcast<u32>(f32(bits));
    k = -149;
  }
  let t = bits - 0x3f3504f3u;
  let n = f32(k + (bitcast<i32>(t) >> 23u));
  let f = bitcast<f32>((t & 0x7fffffu) + 0x3f3504f3u) - 1.0;
  let s = f / (2.0 + f);
  let u = s * s;
  let p = u * (0.66666669 + u * (0.40000078 + u * (0.28553879 + u * 0.23272170)));
  return n * 0.693359375 + ((f - s * (f - p)) - n * 2.12194440e-4);
}`,
  // x - k pi/2 with pi/2 in three parts (Cody and Waite); quadrant k mod 4 picks sine or cosine and the sign.
  sin_quadrant: `fn sin_quadrant(x: f32, shift: i32) -> f32 {
  let k = round(x * 0.636619772);
  let r = ((x - k * 1.5703125) - k * 4.837512969970703e-4) - k * 7.549789948768648e-8;
  let u = r * r;
  let s = r + r * u * (-0.16666667 + u * (0.0083333319 + u * (-0.00019840054 + u * 2.7245082e-6)));
  let c = 1.0 - 0.5 * u + u * u * (0.041666664 + u * (-0.0013888280 + u * 2.4543000e-5));
  let q = i32(k) + shift;
  let v = select(s, c, (q & 1) == 1);
  return select(v, -v, (q & 2) == 2);
}`,
  f_sin: 'fn f_sin(x: f32) -> f32 { return sin_quadrant(x, 0); }',
  f_cos: 'fn f_cos(x: f32) -> f32 { return sin_quadrant(x, 1); }',
  f_tanh: `fn f_tanh(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a < 0.65) {
    let u = x * x;
    return x + x * u * (-0.33333325 + u * (0.13332438 + u * (-0.053802859 + u * (0.020781102 - u * 0.0057998630))));
  }
  let t = 1.0 - 2.0 / (f_exp(2.0 * min(a, 10.0)) + 1.0);
  return select(t, -t, x < 0.0);
}`,
  // Odd polynomial below 1; above, 1 - exp(-g), where g is a polynomial for -log(erfc).
  f_erf: `fn f_erf(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a < 1.0) {
    let u = x * x;
    return x * (1.12837911 + u * (-0.37612626 + u * (0.112836003 + u * (-0.026854444 + u * (0.0051895352 + u * (-0.00080208410 + u * 7.8891186e-5))))));
  }
  let y = min(a, 4.0);
  let g = -0.00020436029 + y * (1.12966120 + y * (0.63303959 + y * (0.108639002 + y * (-0.025373561 + y * (0.0042823846 + y * (-0.00046378869 + y * (2.5314919e-5 - y * 2.5133440e-7)))))));
  let t = 1.0 - f_exp(-g);
  return select(t, -t, x < 0.0);
}`,
  // The two float16 conversions are exact integer arithmetic, to nearest even.
  f16_to_f32: `fn f16_to_f32(h: u32) -> f32 {
  let sign = (h & 0x8000u) << 16u;
  let e = (h >> 10u) & 31u;
  let m = h & 0x3ffu;
  if (e == 0u) { return bitcast<f32>(sign | bitcast<u32>(f32(m) * 5.9604644775390625e-8)); }
  return from_bits(sign | select((e + 112u) << 23u, 0x7f800000u, e == 31u) | (m << 13u));
}`,
  f32_to_f16: `fn f32_to_f16(x: f32) -> u32 {
  let b = bitcast<u32>(x);
  let sign = (b >> 16u) & 0x8000u;
  let a = b & 0x7fffffffu;
  if (a > 0x7f800000u) { return sign | 0x7e00u; }
  if (a >= 0x47800000u) { return sign | 0x7c00u; }
  if (a >= 0x38800000u) { return sign | ((a - 0x38000000u + 0xfffu + ((a >> 13u) & 1u)) >> 13u); }
  if (a < 0x33000000u) { return sign; }
  let m = (a & 0x7fffffu) | 0x800000u;
  let shift = 126u - (a >> 23u);
  let q = m >> shift;
  let rest = m & ((1u << shift) - 1u);
  let half = 1u << (shift - 1u);
  return sign | (q + select(0u, 1u, rest > half || (rest == half && (q & 1u) == 1u)));
}`,
  // Either, by a buffer's format: the same in all invocations.
  half_to_f32: `fn half_to_f32(h: u32, format: i32) -> f32 {
  if (format == 0) { return f16_to_f32(h); }
  return bf16_to_f32(h);
}`,
  f32_to_half: `fn f32_to_half(x: f32, format: i32) -> u32 {
  if (format == 0) { return f32_to_f16(x); }
  return f32_to_bf16(x);
}`,
  part_of_word: `fn part_of_word(word: u32, i: i32, inWord: u32) -> u32 {
  let width = 32u >> inWord;
  return extractBits(word, (u32(i) & ((1u << inWord) - 1u)) * width, width);
}`,
  bf16_to_f32: 'fn bf16_to_f32(h: u32) -> f32 { return from_bits(h << 16u); }',
  f32_to_bf16: `fn f32_to_bf16(x: f32) -> u32 {
  let b = bitcast<u32>(x);
  if ((b & 0x7fffffffu) > 0x7f800000u) { return (b >> 16u) | 0x40u; }
  return (b + 0x7fffu + ((b >> 16u) & 1u)) >> 16u;
}`,
} as const

export type WgslHelper = keyof typeof HELPERS

/** The sources of the helpers that `code` calls, and of those that they call, in the table's order. */
export function wgslHelpersFor(code: string): string {
  const used = new Set<WgslHelper>()
  const names = Object.keys(HELPERS) as WgslHelper[]
  const visit = (text: string): void => {
    for (const name of names) {
      if (used.has(name) || !new RegExp(`\\b${name}\\(`).test(text)) continue
      used.add(name)
      visit(HELPERS[name].slice(HELPERS[name].indexOf('{')))
    }
  }
  visit(code)
  return names
    .filter((name) => used.has(name))
    .map((name) => `${HELPERS[name]}\n`)
    .join('')
}
