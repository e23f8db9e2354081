import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CaseResult, Results } from '../../../experiments/filter-kills/src/results.js'
import { markdownTable } from '../benchmarks/markdown-table.js'

const number = (value: number): string => value.toLocaleString('en')

/** What became of a case, in a sentence. */
function sentence({ name, kills }: CaseResult): string {
  if (!kills) return `- **${name}**: run once, for its memory.`
  const { total, files, different } = kills
  const same = different.length === 0 ? 'all of them the same, byte for byte' : `${different.length} of them different`
  return `- **${name}**: killed ${total} times; ${number(files)} files, ${same}.`
}

/** Peak memory of the smallest run of texts beside that of the largest; null where there is only one. */
function memorySentence(cases: readonly CaseResult[]): string | null {
  const texts = cases.filter(({ name }) => name.endsWith('texts')).sort((a, b) => a.documents - b.documents)
  const [small, large] = [texts[0], texts.at(-1)]
  if (!small || !large || small === large) return null
  const ratio = (large.peakMiB / small.peakMiB).toFixed(2)
  return `At most ${number(small.peakMiB)} MiB for ${number(small.documents)} texts, ${number(large.peakMiB)} MiB for ${number(large.documents)}: ${ratio} times as much for ${Math.round(large.documents / small.documents)} times the texts.`
}

/** The page of a run's results. */
export function filterKillsPage({ cases, ...run }: Results): string {
  const stages = cases.flatMap(({ name, stages, kills }) =>
    stages.map((stage) => ({
      case: name,
      stage: stage.name,
      'units of work': stage.units,
      seconds: Number((stage.milliseconds / 1000).toFixed(1)),
      kills: kills?.byStage[stage.name] ?? 0,
    })),
  )
  const runs = cases.map(({ name, documents, seconds, peakMiB }) => ({
    case: name,
    documents,
    seconds,
    documentsPerSecond: Math.round(documents / seconds),
    peakMiB,
  }))
  return [
    '# Killed and resumed',
    '`almanac filter` is killed with SIGKILL at seeded moments in each of its stages and started again. What it leaves in the end is compared with what an undisturbed run of the same job leaves: every file, every byte. A crawl goes the whole way from WARC to tokens; texts go through all that follows extraction.',
    cases.map(sentence).join('\n'),
    ...[memorySentence(cases)].filter((text) => text !== null),
    markdownTable(runs),
    '## The stages',
    'Seconds are of the undisturbed run.',
    markdownTable(stages),
    '## How to read it',
    [
      `- The documents are made of ${run.originals}: words exchanged within each, one in five an earlier one again, half of those with one word in a hundred changed.`,
      '- Memory is the largest resident set of the whole process, its threads and their tables of languages among it.',
      '- Moments are drawn within the stage that is to be hit: after the process has passed the stages before.',
      '- A page whose extraction comes close to its time limit could fall on either side of it; the limit here is two minutes.',
    ].join('\n'),
    `${run.date}; ${run.machine}. Repeat it with \`${run.command}\`.`,
  ].join('\n\n')
}

export const makeFilterKillsPage = (root: string): string =>
  filterKillsPage(JSON.parse(readFileSync(join(root, 'experiments/filter-kills/results.json'), 'utf8')) as Results)
