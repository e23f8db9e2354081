import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkPackage } from './check-package.js'
import { checkRepository } from './check-repository.js'
import { checkTarball } from './check-tarball.js'
import { formatProblem } from './problem.js'
import { readPackage } from './workspace-package.js'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

const problemsOf = (command: string | undefined) => {
  if (command === 'repository') return checkRepository(root)
  if (command !== 'package') return undefined
  const pkg = readPackage(root, relative(root, process.cwd()))
  const structure = checkPackage(pkg)
  // What publint and attw say about a package that breaks the contract only repeats it.
  return structure.length > 0 || pkg.manifest.private === true ? structure : checkTarball(pkg)
}

const problems = problemsOf(process.argv[2])
if (problems === undefined) {
  console.error(
    `almanac-conventions: expected "package" or "repository", got ${process.argv[2] ?? 'nothing'}. Name one of the two.`,
  )
  process.exitCode = 2
} else {
  for (const problem of problems) console.error(formatProblem(problem))
  if (problems.length > 0) process.exitCode = 1
}
