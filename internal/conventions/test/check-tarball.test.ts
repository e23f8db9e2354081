import { expect, test } from 'vitest'
import { checkTarball } from '../src/check-tarball.js'
import { formatProblem } from '../src/problem.js'
import { makePackage } from './tree.js'

const built = { 'dist/index.js': 'export const one = 1\n', 'dist/index.d.ts': 'export declare const one: number\n' }
const lines = (files: Record<string, string>, manifest: Record<string, unknown> = {}) =>
  checkTarball(makePackage('attention', { files, manifest })).map(formatProblem)

test('a built package has no problem', () => {
  expect(lines(built)).toEqual([])
})

test('publint names a file that is not in the archive, on one line', () => {
  const [line, ...more] = lines({ 'dist/index.d.ts': built['dist/index.d.ts'] })
  expect(line).toMatch(
    /^packages\/attention: expected publint to find nothing, got exit code 1: .*dist\/index\.js but the file does not exist/,
  )
  expect(line?.split('\n')).toHaveLength(1)
  expect(more.join()).not.toContain('publint')
})

test('attw names types that are CommonJS', () => {
  const manifest = {
    exports: {
      '.': { '@almanac/source': './src/index.ts', types: './dist/index.d.cts', default: './dist/index.js' },
      './package.json': './package.json',
    },
  }
  const found = lines({ ...built, 'dist/index.d.cts': 'export declare const one: number\n' }, manifest)
  expect(found.join('\n')).toMatch(/expected attw to find nothing, got exit code 1: .*Masquerading as CJS/)
})
