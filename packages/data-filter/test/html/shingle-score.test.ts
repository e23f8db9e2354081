import { describe, expect, it } from 'vitest'
import { benchmarkScore, pageScore } from './shingle-score.js'

describe('the benchmark measure', () => {
  it('counts shingles of four words as a multiset', () => {
    // Wanted: abcd bcde; got: abcd bcdX.
    expect(pageScore('a b c d e', 'a, b. c-d X')).toEqual({ both: 1 / 3, extra: 1 / 3, missing: 1 / 3 })
    // Twice where once was wanted: 1 in both, 4 extra (bcda cdab dabc abcd).
    expect(pageScore('a b c d', 'a b c d a b c d')).toEqual({ both: 1 / 5, extra: 4 / 5, missing: 0 })
  })
  it('takes a text of fewer than four words as one shingle, and none from an empty text', () => {
    expect(pageScore('one two', 'one two')).toEqual({ both: 1, extra: 0, missing: 0 })
    expect(pageScore('one two', '')).toEqual({ both: 0, extra: 0, missing: 1 })
    expect(pageScore('', '')).toEqual({ both: 0, extra: 0, missing: 0 })
  })
  it('keeps case, and takes letters of any script, digits and underscores as words', () => {
    expect(pageScore('Eins zwei drei vier', 'eins zwei drei vier').both).toBe(0)
    expect(pageScore('größe_2 五六 सा ๙', 'größe_2 «五六» सा ๙').both).toBe(1)
  })
  it('takes F1 of the mean precision and the mean recall, over the pages that have one', () => {
    const score = benchmarkScore([
      { both: 0.5, extra: 0.5, missing: 0 },
      { both: 0, extra: 0, missing: 1 },
    ])
    expect(score).toEqual({ precision: 0.5, recall: 0.5, f1: 0.5 })
  })
})
