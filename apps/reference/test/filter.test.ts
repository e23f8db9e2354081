import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { prose } from './made-prose.js'
import { built, runAlmanac, temporaryFolder } from './run-almanac.js'

const folder = temporaryFolder()
const inputs = join(folder, 'inputs')
const page = (text: string) =>
  `<html><head><title>t</title></head><body><nav><a href="/">Home</a></nav><article>${text
    .match(/.{1,400}\./g)
    ?.map((part) => `<p>${part}</p>`)
    .join('')}</article></body></html>`

beforeAll(() => {
  mkdirSync(join(inputs, 'pages'), { recursive: true })
  for (let file = 0; file < 3; file++) {
    const lines = Array.from({ length: 30 }, (_, i) => {
      const text = i % 10 === 0 ? 'Too short to keep.' : i % 10 === 1 ? prose(i) : prose(100 * (file + 1) + i)
      return JSON.stringify({
        text: i === 2 ? `${text} Write to someone@mail-of-mine.org today.` : text,
        id: `${file}-${i}`,
      })
    })
    writeFileSync(join(inputs, `${file}.jsonl`), `${lines.join('\n')}\n{"broken": \n`)
  }
  writeFileSync(join(inputs, 'pages/one.html'), page(prose(900)))
  writeFileSync(join(inputs, 'pages/deep.html'), '<div>'.repeat(100_000))
  writeFileSync(join(inputs, 'notes.xyz'), 'nobody reads this')
})

const ARGUMENTS = ['--keep-dropped', '--attributes', '--timeout', '60000', '--language-model', 'eld-extrasmall']

/** Digests of all files below a folder, but for `except`. */
function contentsOf(out: string, except: readonly string[] = []): Record<string, string> {
  const names = (readdirSync(out, { recursive: true }) as string[]).filter((name) => statSync(join(out, name)).isFile())
  return Object.fromEntries(
    names
      .filter((name) => !except.includes(name))
      .sort()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(out, name)))
          .digest('hex'),
      ]),
  )
}

const linesOf = (out: string, where: string) =>
  readdirSync(join(out, where)).flatMap((name) =>
    gunzipSync(readFileSync(join(out, where, name)))
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  )

describe('almanac filter', () => {
  const out = join(folder, 'out')

  test('makes documents of files, shows what each rule took, and writes a report', async () => {
    const { code, stdout, stderr } = await runAlmanac(['filter', inputs, '--out', out, ...ARGUMENTS])
    expect(stderr).toContain('filter: no reader for 1 of the files, notes.xyz for one: left out')
    expect(stderr).toContain('5/5 duplicates out   ████████████████████████ 100 %')
    expect(code).toBe(0)
    const documents = linesOf(out, 'documents')
    // 27 texts a file, three of which all files have, and the page.
    expect(documents).toHaveLength(3 * 24 + 3 + 1)
    expect(documents.find(({ id }) => id === '0-2').text).toContain('Write to email@example.com today.')
    expect(documents.find(({ metadata }) => String(metadata.file_path).endsWith('one.html')).text).toContain(
      prose(900).slice(0, 60),
    )
    expect(linesOf(out, 'finish/dropped').map(({ metadata }) => metadata.filter_reason)).toEqual(
      Array(6).fill('near_duplicate'),
    )
    expect(linesOf(out, 'filter/skipped').map(({ skipped }) => skipped)).toEqual(Array(3).fill('bad-json'))
    const dropped = linesOf(out, 'filter/dropped').map(({ metadata }) => `${metadata.filter}/${metadata.filter_reason}`)
    expect(dropped).toContain('extraction/too-deep')
    expect(dropped).toHaveLength(9 + 1)
    expect(stdout).toContain('Final')
    expect(stdout).toContain(`report: ${out}/report.html`)
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('<!doctype html>')
  })

  test('run again it does nothing, and says the same', async () => {
    const before = contentsOf(out)
    const { code, stdout } = await runAlmanac(['filter', '--out', out, '--json'])
    expect(code).toBe(0)
    const { filter, finish } = JSON.parse(stdout)
    expect(filter.kept.documents).toBe(82)
    expect(finish.kept.documents).toBe(76)
    expect(contentsOf(out)).toEqual(before)
  })

  test('killed again and again it leaves the same files', async () => {
    const killed = join(folder, 'killed')
    for (const [kill, milliseconds] of [900, 1300, 1700, 2200].entries()) {
      const { signal, code } = await runAlmanac(
        ['filter', inputs, '--out', killed, ...ARGUMENTS, '--threads', `${1 + (kill % 2)}`],
        (child) => {
          setTimeout(() => child.kill('SIGKILL'), milliseconds)
        },
      )
      if (signal !== 'SIGKILL') expect(code).toBe(0)
    }
    expect((await runAlmanac(['filter', inputs, '--out', killed, ...ARGUMENTS])).code).toBe(0)
    expect(contentsOf(killed)).toEqual(contentsOf(out))
  })

  test('other thresholds and another profile, without the texts', async () => {
    const replay = async (...args: readonly string[]) => {
      const { code, stdout } = await runAlmanac(['filter', '--replay', '--out', out, '--json', ...args])
      expect(code).toBe(0)
      return JSON.parse(stdout).filter
    }
    expect(await replay()).toMatchObject({ documents: 92, keptBefore: 82, kept: 82, gained: 0, lost: 0 })
    const loose = await replay('--threshold', 'gopher-quality/gopher_short_doc=100000')
    expect(loose).toMatchObject({ kept: 0, lost: 82 })
    const paper = await runAlmanac(['filter', '--replay', '--out', out, '--profile', 'paper'])
    expect(paper.stdout).toContain('note: fineweb-quality measures with other settings there')
  })

  test('on a cluster: the files that it writes, run by a shell, leave what one machine leaves', async () => {
    const shared = join(folder, 'shared')
    const scripts = join(folder, 'slurm')
    const launched = await runAlmanac([
      ...['filter', inputs, '--out', shared, ...ARGUMENTS, '--shards', '5'],
      ...['--launcher', 'slurm', '--parallelism', '2', '--launcher-out', scripts],
    ])
    expect(launched.code).toBe(0)
    expect(launched.stdout).toContain(`next: sh ${scripts}/submit.sh`)
    // What Slurm does, in its order and without its machines: each task of an array, with its index.
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'almanac'), `#!/bin/sh\nexec "${process.execPath}" "${await built()}" "$@"\n`, {
      mode: 0o755,
    })
    writeFileSync(
      join(bin, 'sbatch'),
      `#!/bin/sh\nfor last; do :; done\nend=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\)%.*/\\1/p' "$last")\nfor i in $(seq 0 "$end"); do SLURM_ARRAY_TASK_ID=$i sh "$last" >&2 || exit 1; done\necho 1\n`,
      { mode: 0o755 },
    )
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` }
    execFileSync('sh', [join(scripts, 'submit.sh')], { env, stdio: 'pipe' })
    expect(contentsOf(shared)).toEqual(contentsOf(out, ['report.html']))
  })

  test.each([
    [['filter'], 'filter: expected --out, got none. Name the folder for the results.'],
    [
      ['filter', '--out', join(folder, 'x')],
      'filter: expected files or folders to read, got none. See "almanac filter --help".',
    ],
    [
      ['filter', '/no/such', '--out', join(folder, 'x')],
      'filter: expected files or folders, got nothing at /no/such. Check the path.',
    ],
    [
      ['filter', inputs, '--out', 'gs://bucket/x'],
      'filter: openStorage: expected s3://bucket/prefix, a path, a file: URL or memory:, got "gs://bucket/x".',
    ],
    [
      ['filter', inputs, '--out', join(folder, 'x'), '--profile', 'best'],
      "filter: expected --profile as paper or fineweb-2024-05 or datatrove-0.10, got 'best'.",
    ],
    [
      ['filter', inputs, '--out', out, ...ARGUMENTS, '--extractor', 'density'],
      `filter: expected the job that ${out} is of, got another: that one has extractor "readability".`,
    ],
    [
      ['filter', '--out', out, '--stage', 'sort'],
      "filter: expected --stage as filter or sign or pair or choose or finish, got 'sort'.",
    ],
    [
      ['filter', '--out', out, '--stage', 'sign', '--rank', '8', '--world-size', '8'],
      "filter: expected --rank as a whole number from 0 to 7, got '8'.",
    ],
    [['filter', '--out', out, '--replay', '--stage', 'sign'], 'filter: expected one of --replay, --stage, got 2.'],
    [
      ['filter', inputs, '--out', 'here', '--launcher', 'slurm'],
      "filter: expected --out as s3://bucket/prefix or a path from the root that all machines see, got 'here'.",
    ],
    [
      ['filter', '--out', out, '--replay', '--threshold', 'words=3'],
      "filter: expected --threshold as filter/reason=number with a rule of the run, as gopher-quality/gopher_short_doc=40, got 'words=3'.",
    ],
  ])('%j is a mistake that one line explains', async (args, text) => {
    const { code, stderr } = await runAlmanac(args as string[])
    expect(stderr).toContain(text)
    expect(code).toBe(2)
  })

  test('a folder that was changed says which file', async () => {
    const manifest = join(out, 'manifests/filter/00001.json')
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"records": 31', '"records": 32'))
    rmSync(join(out, 'manifests/sign'), { recursive: true })
    const { code, stderr } = await runAlmanac(['filter', '--out', out])
    expect(stderr).toContain(`${manifest}: expected contents of its own checksum`)
    expect(code).toBe(1)
  })
})
