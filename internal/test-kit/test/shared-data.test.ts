import { existsSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { sharedData, skipNote } from '../src/shared-data.js'

it('gives only paths that exist', () => {
  expect(sharedData('no-such-file')).toBeUndefined()
  const path = sharedData('README.md')
  if (path === undefined) return skipNote('the path of a real file', 'README.md')
  expect(existsSync(path)).toBe(true)
})

it('notes a skipped test in one line', () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  skipNote('golden text', 'stories260K.bin')
  expect(log.mock.calls).toEqual([['skipped: golden text (needs ../shared/data/stories260K.bin)']])
  log.mockRestore()
})
