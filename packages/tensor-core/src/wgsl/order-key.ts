/** Where NaN stands among floats, and the key that says so: beyond those of the infinities. */
const NAN_KEY = { first: 'i32(-2147483648)', last: '2147483647' } as const

/**
 * WGSL functions `order_key(x, flip)` and `from_key(key, flip)`: elements of a compute type as i32 keys of the same order for a
 * flip of 0, of the opposite one for -1, so that one shader serves both, and that maxima are those of integers: exact for
 * infinities and NaN, of which WGSL lets an implementation assume that there are none. Zeros of both signs are one. NaN comes
 * before everything else (`first`) or after it (`last`) in both orders.
 */
export function orderKey(type: 'f32' | 'i32' | 'u32', nan: keyof typeof NAN_KEY): string {
  if (type === 'i32') {
    return `fn order_key(x: i32, flip: i32) -> i32 { return x ^ flip; }
fn from_key(key: i32, flip: i32) -> i32 { return key ^ flip; }
`
  }
  if (type === 'u32') {
    return `fn order_key(x: u32, flip: i32) -> i32 { return bitcast<i32>(x ^ 0x80000000u) ^ flip; }
fn from_key(key: i32, flip: i32) -> u32 { return bitcast<u32>(key ^ flip) ^ 0x80000000u; }
`
  }
  return `fn order_key(x: f32, flip: i32) -> i32 {
  let bits = bitcast<i32>(x);
  let magnitude = bits & 0x7fffffff;
  let key = bits ^ ((bits >> 31u) & 0x7fffffff);
  return select(select(key, 0, magnitude == 0) ^ flip, ${NAN_KEY[nan]}, magnitude > 0x7f800000);
}
fn from_key(key: i32, flip: i32) -> f32 {
  if (key == ${NAN_KEY[nan]}) { return from_bits(0x7fc00000u); }
  let turned = key ^ flip;
  return from_bits(bitcast<u32>(turned ^ ((turned >> 31u) & 0x7fffffff)));
}
`
}
