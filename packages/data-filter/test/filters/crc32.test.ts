import { crc32 as zlibCrc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { crc32 } from '../../src/filters/crc32.js'

test('the check value of the standard', () => {
  expect(crc32(new TextEncoder().encode('123456789')) >>> 0).toBe(0xcbf43926)
  expect(crc32(new Uint8Array(0))).toBe(0)
})

test('as zlib', (context) => {
  if (!zlibCrc32) return context.skip('needs zlib.crc32, of Node 20.15')
  const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => (i * i) % 251)
  expect(crc32(bytes) >>> 0).toBe(zlibCrc32(bytes))
  return undefined
})
