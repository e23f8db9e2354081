import { expect, test } from 'vitest'
import { showProgress } from '../src/shared/show-progress.js'

test('tells the share that is done and, from the second part on, what is left', () => {
  const lines: string[] = []
  const progress = showProgress(10, (line) => lines.push(line))
  progress.begin('first', 4)
  progress.begin('second', 6)
  expect(lines).toEqual(['[0 %, 0s] first', '[40 %, 0s, about 0s left] second'])
})
