const FACTOR = 116049371
const [LOW, HIGH] = [FACTOR & 0xffff, FACTOR >>> 16]
/** Products of two remainders stay below 2^53 up to this bucket. */
const SMALL = 2 ** 26

/**
 * The buckets of all n-grams of 2 to `longest` words: h = h * 116049371 + hash modulo 2^64, over the words' hashes as signed
 * numbers, then modulo the bucket. In halves of 32 bits, since 64-bit integers are slow here.
 */
export function wordNgramBuckets(
  hashes: readonly number[],
  longest: number,
  bucket: number,
  visit: (bucket: number) => void,
): void {
  for (let i = 0; i < hashes.length; i++) {
    let low = (hashes[i] as number) >>> 0
    let high = (hashes[i] as number) < 0 ? 0xffffffff : 0
    for (let j = i + 1; j < hashes.length && j < i + longest; j++) {
      const hash = hashes[j] as number
      // low * FACTOR in pieces of 16 bits, so that nothing is rounded.
      const [a, b] = [low & 0xffff, low >>> 16]
      const middle = a * HIGH + b * LOW
      const sum = a * LOW + (middle % 65536) * 65536 + (hash >>> 0)
      const carry = b * HIGH + Math.floor(middle / 65536) + Math.floor(sum / 2 ** 32)
      low = sum >>> 0
      high = (Math.imul(high, FACTOR) + carry + (hash < 0 ? 0xffffffff : 0)) >>> 0
      visit(remainder(high, low, bucket))
    }
  }
}

const remainder = (high: number, low: number, bucket: number): number =>
  bucket <= SMALL
    ? ((high % bucket) * (2 ** 32 % bucket) + low) % bucket
    : Number(((BigInt(high) << 32n) + BigInt(low)) % BigInt(bucket))
