import { seededRandom } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { shingles, simplifyAnyText, simplifyText } from '../../src/minhash/index.js'
import { quickAsInMay2024, quickCurrent } from '../../src/minhash/simplify-latin-text.js'
import golden from './goldens/simplified-texts.json' with { type: 'json' }

describe('simplifyText', () => {
  test.each(golden.cases)('gives datatrove’s text for $text', ({ text, current, may2024 }) => {
    expect(simplifyText(text)).toBe(current)
    expect(simplifyText(text, 'fineweb-2024-05')).toBe(may2024)
    expect(simplifyAnyText(text, 'datatrove-0.10')).toBe(current)
    expect(simplifyAnyText(text, 'fineweb-2024-05')).toBe(may2024)
  })

  test('the quick pass gives the same as the definition wherever it gives anything', () => {
    const random = seededRandom(3)
    const alphabet = [
      'a',
      'B',
      'é',
      'Ñ',
      'İ',
      'ß',
      '0',
      '1',
      '٣',
      '.',
      ',',
      ' ',
      ' ',
      '\n',
      '-',
      '—',
      '’',
      '\u00a0',
      '\x1c',
      '\x7f',
      '½',
    ]
    let quick = 0
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: random.integer(20) }, () => random.pick(alphabet)).join('')
      const current = quickCurrent(text)
      const may2024 = quickAsInMay2024(text)
      if (current !== null) expect(current).toBe(simplifyAnyText(text, 'datatrove-0.10'))
      if (may2024 !== null) expect(may2024).toBe(simplifyAnyText(text, 'fineweb-2024-05'))
      if (current !== null) quick++
    }
    expect(quick).toBeGreaterThan(5000)
  })

  test('the quick pass knows each single character as the definition does', () => {
    let quick = 0
    for (let code = 0; code < 2 ** 16; code++) {
      const text = `x${String.fromCharCode(code)}y`
      const current = quickCurrent(text)
      if (current === null) continue
      quick++
      if (current !== simplifyAnyText(text, 'datatrove-0.10')) expect.fail(`U+${code.toString(16)}`)
      if (quickAsInMay2024(text) !== simplifyAnyText(text, 'fineweb-2024-05')) expect.fail(`U+${code.toString(16)}`)
    }
    expect(quick).toBeGreaterThan(300)
  })
})

describe('shingles', () => {
  test('are runs of words with one space between them', () => {
    expect(shingles(['a', 'b', 'c', 'd'], 3)).toEqual(['a b c', 'b c d'])
    expect(shingles(['a', 'b'], 3)).toEqual([])
    expect(shingles(['a', 'b', 'c', 'd', 'e'])).toEqual(['a b c d e'])
  })
})
