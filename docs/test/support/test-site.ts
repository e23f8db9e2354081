import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bundleScript } from '@almanac/test-kit'

/** How long a build may take on a machine that does other things too; a test that asks for the site needs more. */
export const BUILD_MS = 240_000

export interface TestSite {
  readonly html: string
  /** What the command printed. */
  readonly output: string
}

const docs = join(import.meta.dirname, '..', '..')
// Inside docs/: what VitePress writes there imports vue.
const sites = join(docs, '.site')

/**
 * The site, built once for all test files of a run: they are children of one process, whose number the folder has. The first
 * to come builds, by the command in a process of its own; the others wait. What earlier runs left is removed.
 */
export async function testSite(): Promise<TestSite> {
  const folder = join(sites, `test-${process.ppid}`)
  mkdirSync(sites, { recursive: true })
  for (const other of readdirSync(sites)) {
    const owner = /^test-(\d+)$/.exec(other)?.[1]
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(sites, other), { recursive: true, force: true })
  }
  const said = join(folder, 'said.json')
  if (isFirst(folder)) {
    const { code, output } = await build(folder)
    // Renamed, so that nobody reads half of it.
    writeFileSync(`${said}.new`, JSON.stringify({ code, output }))
    renameSync(`${said}.new`, said)
  }
  for (let waited = 0; !existsSync(said); waited += 200) {
    if (waited > BUILD_MS) throw new Error(`expected another test file to have built ${folder}, got nothing in time`)
    await sleep(200)
  }
  const { code, output } = JSON.parse(readFileSync(said, 'utf8')) as { code: number | null; output: string }
  if (code !== 0) throw new Error(`expected the site to build, got ${code}:\n${output}`)
  return { html: join(folder, 'html'), output }
}

async function build(folder: string): Promise<{ code: number | null; output: string }> {
  const external = ['typedoc', 'typescript', 'vite', 'vitepress']
  const script = await bundleScript(docs, join(docs, 'src', 'main.ts'), external)
  const options = { cwd: join(docs, '..'), timeout: BUILD_MS - 20_000 }
  const child = spawn(process.execPath, [script, '--out', folder], options)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (output += piece.toString()))
  const code = await new Promise<number | null>((done) => child.on('close', done))
  return { code, output }
}

/** Making a folder succeeds for one process only. */
function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
