// Dependencies: installed from the lockfile, once for each state of the lockfile and the manifests.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expectedError, root, run, say } from './process.mjs'
import { workspaceFolders } from './workspace.mjs'

// Inside node_modules, so that deleting node_modules also forgets that anything was installed.
const stamp = join(root, 'node_modules', '.almanac', 'installed')

const wanted = () => {
  const hash = createHash('sha256').update(process.versions.modules)
  const manifests = workspaceFolders().map((folder) => join(folder, 'package.json'))
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

export const installDependencies = async () => {
  const key = wanted()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  say('installing dependencies from the lockfile (the first time takes up to a minute) ...')
  const started = Date.now()
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const args = [
    'exec',
    '--yes',
    '--loglevel=error',
    '--',
    packageManager,
    'install',
    '--frozen-lockfile',
    '--prefer-offline',
  ]
  const code = await run(npm, args, { env: { CI: 'true' } })
  if (code !== 0) {
    throw expectedError(
      `install: expected "${packageManager} install --frozen-lockfile" to succeed, got exit code ${code}. ` +
        'Check the connection to the npm registry; if a package.json was edited, run pnpm install and commit pnpm-lock.yaml.',
    )
  }
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, key)
  say(`dependencies installed in ${((Date.now() - started) / 1000).toFixed(0)} s.`)
}
