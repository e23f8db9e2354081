import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '../problem.js'

// Written in two halves, so that this file may be committed.
const words: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/(^|[\s'"`(=:])\/(work|root|home\/[a-z]|Users\/[A-Z]|tmp\/[a-z])/, 'an absolute path of one machine'],
  [new RegExp(['registry', 'npmjs'].join('\\.')), 'the address of a package registry'],
  [/^(<{7}|>{7}) /, 'a merge conflict'],
]
const largest = 1024 * 1024
// Lock files and golden data are not written by people.
const skipped = /(^|\/)(pnpm-lock\.yaml|CHANGELOG\.md)$|\.(json|jsonl|bin|txt|svg|png)$/

/** @param files paths relative to root, as `git ls-files` prints them */
export const forbiddenWords = (root: string, files: readonly string[]): Problem[] =>
  files.flatMap((file) => {
    const info = statSync(join(root, file), { throwIfNoEntry: false })
    if (!info?.isFile() || info.size > largest || skipped.test(file)) return []
    const text = readFileSync(join(root, file), 'utf8')
    if (text.includes('\0')) return []
    return text.split('\n').flatMap((line, i) =>
      words
        .filter(([pattern]) => pattern.test(line))
        .map(([, what]) => ({
          file: `${file}:${i + 1}`,
          expected: 'nothing that is true on one machine only',
          got: `${what} in "${line.trim().slice(0, 80)}"`,
          todo: 'Use a path relative to the repository, a temporary folder from node:os, or leave it out.',
        })),
    )
  })
