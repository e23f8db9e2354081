import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** Every module a file names: static, type-only, dynamic and re-exported. Comments and strings do not count. */
export const importsOf = (file: string): string[] =>
  ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles.map((imported) => imported.fileName)

/** `@almanac/tensor-core/nn` -> `@almanac/tensor-core`; `left/pad` -> `left`. Undefined for relative paths. */
export const packageOf = (specifier: string): string | undefined => {
  if (specifier.startsWith('.') || specifier.startsWith('/')) return undefined
  const [first = '', second = ''] = specifier.split('/')
  return first.startsWith('@') ? `${first}/${second}` : first
}
