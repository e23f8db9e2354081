import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Problem } from './problem.js'
import type { WorkspacePackage } from './workspace-package.js'

const bins = fileURLToPath(new URL('../node_modules/.bin', import.meta.url))

/** Packs the package as it would be published, then asks publint and attw about the archive. */
export const checkTarball = ({ root, folder }: WorkspacePackage): Problem[] => {
  const packed = mkdtempSync(join(tmpdir(), 'almanac-pack-'))
  const path = [bins, join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter)
  const attempt = (program: string, args: readonly string[], todo: string): Problem[] => {
    const result = spawnSync(program, args, {
      cwd: join(root, folder),
      encoding: 'utf8',
      env: { ...process.env, PATH: path, NO_COLOR: '1' },
    })
    if (result.status === 0) return []
    const said = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}`.replace(/\s*\n\s*/g, ' | ').trim()
    return [{ file: folder, expected: `${program} to find nothing`, got: `exit code ${result.status}: ${said}`, todo }]
  }
  try {
    const failed = attempt('pnpm', ['pack', '--pack-destination', packed], 'Fix package.json so that it can be packed.')
    if (failed.length > 0) return failed
    const archive = join(packed, readdirSync(packed)[0] ?? '')
    return [
      ...attempt('publint', [archive, '--strict'], 'Fix the fields of package.json that it names.'),
      ...attempt(
        'attw',
        [archive, '--profile', 'esm-only', '--no-emoji', '--no-color'],
        'Fix the export map or the built types that it names.',
      ),
    ]
  } finally {
    rmSync(packed, { recursive: true, force: true })
  }
}
