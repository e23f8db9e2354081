// npm run experiment -- filter-kills: almanac filter, killed again and again.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { machine, writeResults } from '@almanac/experiment-shared'
import { almanacFile, startAlmanac } from './almanac.js'
import { HELP, readOptions } from './options.js'
import { madePages, pagesOf } from './originals.js'
import { plainTexts } from './plain-texts.js'
import type { CaseResult, Results } from './results.js'
import { runCase } from './run-case.js'
import { writeCrawl, writeTexts } from './write-inputs.js'

/** Documents of a file: of a crawl, and of texts. */
const [PER_CRAWL_FILE, PER_TEXT_FILE] = [625, 2500]

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  const { pages, crawl, texts, kills, threads, seed, help } = options
  if (help) return console.log(HELP)
  const begin = performance.now()
  const say = (text: string) =>
    process.stderr.write(`[${((performance.now() - begin) / 60_000).toFixed(1)} min] ${text}\n`)
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'almanac-kills-'))
  mkdirSync(folder, { recursive: true })
  const script = almanacFile()
  const originals = pages === undefined ? madePages() : pagesOf(pages)
  const cases: CaseResult[] = []
  try {
    const tokenizer = join(folder, 'tokenizer')
    const tokenize = await startAlmanac(script, ['tokenize', '--out', tokenizer, '--vocab-size', '512']).done
    if (tokenize.code !== 0) throw new Error(`filter-kills: almanac tokenize failed: ${tokenize.stderr}`)
    say('the tokenizer is there')
    // A page's time must be far from the limit, on a machine that is busy with what was just killed.
    const common = ['--tokenizer', tokenizer, '--keep-dropped', '--attributes', '--timeout', '120000']
    if (crawl > 0) {
      const inputs = join(folder, 'crawl')
      const files = Math.max(1, Math.round(crawl / PER_CRAWL_FILE))
      const characters = await writeCrawl({ folder: inputs, originals: originals.pages, documents: crawl, files, seed })
      say(`a crawl of ${crawl} pages, ${(characters / 1e6).toFixed(0)} million characters`)
      const name = `crawl of ${crawl}`
      cases.push(
        await runCase({ name, script, inputs, arguments: common, threads, documents: crawl, folder, kills, seed, say }),
      )
      rmSync(inputs, { recursive: true })
    }
    if (texts > 0) {
      const plain = plainTexts(originals.pages)
      for (const [count, disturbed] of [
        [Math.round(texts / 10), false],
        [texts, true],
      ] as const) {
        const inputs = join(folder, `texts-${count}`)
        const files = Math.max(1, Math.round(count / PER_TEXT_FILE))
        const characters = await writeTexts({
          folder: inputs,
          originals: plain,
          documents: count,
          files,
          seed: seed + 1,
        })
        say(`${count} texts, ${(characters / 1e6).toFixed(0)} million characters`)
        const name = `${count} texts`
        cases.push(
          await runCase({
            ...{ name, script, inputs, arguments: common, threads, documents: count, folder, seed, say },
            kills: disturbed ? kills : null,
          }),
        )
        rmSync(inputs, { recursive: true })
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    command: `npm run experiment -- filter-kills --crawl ${crawl} --texts ${texts} --kills ${kills} --threads ${threads} --seed ${seed}${pages === undefined ? '' : ' --pages <folder>'}`,
    machine: machine(),
    originals: originals.name,
    cases,
  }
  writeResults('filter-kills', results, options.out)
  const wrong = cases.filter((one) => one.kills && one.kills.different.length > 0)
  if (wrong.length > 0)
    throw new Error(`filter-kills: killed runs left other files in ${wrong.map(({ name }) => name).join(', ')}.`)
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
