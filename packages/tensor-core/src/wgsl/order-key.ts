/**
 * Elements as i32 keys of the same order, so that maxima are those of integers: exact for infinities and NaN, of which WGSL
 * lets an implementation assume that there are none. Zeros of both signs are one.
 */
export interface OrderKey {
  /** `order_key(x)`: an element's key; `from_key(key)`: the element. */
  readonly declarations: string
}

const MOST = '2147483647'
const LEAST = 'i32(-2147483648)'
const NAN_KEY = { first: LEAST, last: MOST } as const

/** Keys of a compute type. `nan`: whether NaN comes before everything else or after it. */
export function orderKey(type: 'f32' | 'i32' | 'u32', nan: keyof typeof NAN_KEY): OrderKey {
  if (type === 'i32') {
    return { declarations: 'fn order_key(x: i32) -> i32 { return x; }\nfn from_key(key: i32) -> i32 { return key; }\n' }
  }
  if (type === 'u32') {
    return {
      declarations: `fn order_key(x: u32) -> i32 { return bitcast<i32>(x ^ 0x80000000u); }
fn from_key(key: i32) -> u32 { return bitcast<u32>(key) ^ 0x80000000u; }
`,
    }
  }
  return {
    declarations: `fn order_key(x: f32) -> i32 {
  let bits = bitcast<i32>(x);
  let magnitude = bits & 0x7fffffff;
  let key = bits ^ ((bits >> 31u) & 0x7fffffff);
  return select(select(key, 0, magnitude == 0), ${NAN_KEY[nan]}, magnitude > 0x7f800000);
}
fn from_key(key: i32) -> f32 {
  if (key == ${NAN_KEY[nan]}) { return from_bits(0x7fc00000u); }
  return from_bits(bitcast<u32>(key ^ ((key >> 31u) & 0x7fffffff)));
}
`,
  }
}

/**
 * `turned_key(x, flip)` and `from_turned_key(key, flip)`: keys in order for a flip of 0, in the opposite order for -1, so that
 * one shader serves both. NaN comes first or last in both.
 */
export function turnedKey(type: 'f32' | 'i32' | 'u32', nan: keyof typeof NAN_KEY): string {
  const turned = type === 'f32' ? `select(key ^ flip, key, key == ${NAN_KEY[nan]})` : 'key ^ flip'
  return `${orderKey(type, nan).declarations}fn turned_key(x: ${type}, flip: i32) -> i32 {
  let key = order_key(x);
  return ${turned};
}
fn from_turned_key(key: i32, flip: i32) -> ${type} { return from_key(${turned}); }
`
}
