import { expect, test } from 'vitest'
import { countSentences } from '../../src/text/sentence-ends.js'

test.each([
  ['', 0],
  ['   ', 0],
  ['no mark at all', 1],
  ['One.', 1],
  ['One. Two! Three?', 3],
  ['One. Two', 2],
  ['Mr. Smith came.', 1],
  ['He said "stop." Then he left.', 2],
  ['Wait... what?', 2],
  ['Version 1.5 is out.', 1],
  ['the U.S. economy grows', 1],
  ['in the U.S. The economy grows', 2],
  ['What?! No.', 2],
])('%j has %d', (line, expected) => {
  expect(countSentences(line)).toBe(expected)
})
