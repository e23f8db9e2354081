// Builds: turbo knows what is stale; a hash of the sources spares starting turbo when nothing is.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expectedError, root, run, say } from './process.mjs'
import { workspaceFolders } from './workspace.mjs'

const stamp = join(root, 'node_modules', '.almanac', 'built')

const files = (path) => {
  const full = join(root, path)
  if (!existsSync(full)) return []
  if (!statSync(full).isDirectory()) return [path]
  return readdirSync(full)
    .sort()
    .flatMap((name) => (name === 'node_modules' ? [] : files(`${path}/${name}`)))
}

const sources = () => [
  ...['tsconfig.base.json', 'turbo.json', 'pnpm-lock.yaml'],
  ...files('internal/tsup-config'),
  ...workspaceFolders().flatMap((folder) =>
    ['package.json', 'tsconfig.json', 'tsup.config.ts', 'src'].flatMap((name) => files(`${folder}/${name}`)),
  ),
]

const wanted = () => {
  const hash = createHash('sha256')
  for (const file of sources())
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
      .update('\0')
  return hash.digest('hex')
}

const allBuilt = () =>
  workspaceFolders().every((folder) => {
    const { scripts } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    return !scripts?.build || !existsSync(join(root, folder, 'src')) || existsSync(join(root, folder, 'dist'))
  })

export const turbo = (tasks, options) =>
  run('turbo', ['run', ...tasks, '--output-logs=errors-only', '--log-prefix=none', '--no-color'], options)

/** The hash is taken before the build: an edit during it makes the next run build again. */
export const rememberBuild = (key) => {
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, key)
}

export const sourceKey = wanted

export const buildAll = async () => {
  const key = wanted()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key && allBuilt()) return
  say('building what has changed ...')
  const started = Date.now()
  const code = await turbo(['build'])
  if (code !== 0)
    throw expectedError(`build: expected every package to build, got exit code ${code}. The lines above name the file.`)
  rememberBuild(key)
  say(`built in ${((Date.now() - started) / 1000).toFixed(0)} s.`)
}
