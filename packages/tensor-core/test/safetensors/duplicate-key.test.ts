import { expect, it } from 'vitest'
import { findDuplicateKey } from '../../src/safetensors/duplicate-key.js'

it.each([
  ['{}', undefined],
  ['{"a":1,"b":{"a":2},"c":["a","a",{"a":1}]}', undefined],
  ['{"a":"a","b":"b"}', undefined],
  ['{"a":1,"b":2,"a":3}', 'a'],
  ['{"a":[{"x":1},{"x":2,"y":{},"x":3}]}', 'x'],
  ['{"\\"":1,"\\u0022":2}', '"'],
  ['{"a\\\\":1,"a\\\\":2}', 'a\\'],
  ['{"a":"}","b":"{\\"b\\":1","c":",\\"a\\":"}', undefined],
  ['{"":1,"":2}', ''],
  ['[{"a":1},{"a":1}]', undefined],
  [' { "a" : 1 , "a" : 2 } ', 'a'],
])('in %s finds %s', (text, expected) => {
  expect(() => JSON.parse(text)).not.toThrow()
  expect(findDuplicateKey(text)).toBe(expected)
})
