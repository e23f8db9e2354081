import { crc32 as zlibCrc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { crc32, tableCrc32 } from '../src/crc32.js'

test('the check value of the standard', () => {
  for (const sum of [crc32, tableCrc32]) {
    expect(sum(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
    expect(sum(new Uint8Array(0))).toBe(0)
  }
})

test('as zlib, also in pieces', (context) => {
  if (!zlibCrc32) return context.skip('needs zlib.crc32, of Node 20.15')
  const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => (i * i) % 251)
  expect(tableCrc32(bytes)).toBe(zlibCrc32(bytes))
  expect(crc32(bytes.subarray(17), crc32(bytes.subarray(0, 17)))).toBe(zlibCrc32(bytes))
  return undefined
})
