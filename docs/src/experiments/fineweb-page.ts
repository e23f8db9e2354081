import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ArmResult, Difference, Results } from '../../../experiments/fineweb/src/results.js'
import { differenceInWords, verdict } from '../../../experiments/fineweb/src/verdict.js'
import { markdownTable } from '../benchmarks/markdown-table.js'
import { intervalPlot } from './interval-plot.js'

/** Told apart by people who see colours differently, too (Okabe and Ito). */
const [FROM_RAW, FROM_CONTROL] = ['#0072b2', '#d55e00'] as const

const ABOUT: Readonly<Record<ArmResult['name'], string>> = {
  raw: 'the dirty corpus as it is',
  filtered: 'the rules of fineweb-2024-05, then MinHash',
  thinned: 'documents at random, as many as filtered has',
  gopher: "Gopher's rules alone",
  c4: "C4's rules alone",
  fineweb: "FineWeb's own rules alone",
  dedup: 'MinHash alone',
}

const megabytes = (bytes: number): number => Number((bytes / 1e6).toFixed(2))
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const interval = ({ mean, low, high }: Difference['cloze'], digits = 4): string =>
  `${mean.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`

/** What an interval says of a difference in bits a byte, where less is better. */
function sentence(difference: Difference): string {
  const { arm, minus, bitsPerByte, cloze } = difference
  const { low, high } = bitsPerByte
  const word = high < 0 ? 'better than' : low > 0 ? 'worse than' : 'not told apart from'
  return `- **${arm}** is ${word} **${minus}**: ${differenceInWords(difference)}; cloze accuracy ${interval(cloze, 3)}.`
}

/** The widest range of bits a byte within an arm. */
const spread = (arms: readonly ArmResult[]): number =>
  Math.max(
    ...arms.map(({ runs }) => {
      const scores = runs.map(({ bitsPerByte }) => bitsPerByte)
      return Math.max(...scores) - Math.min(...scores)
    }),
  )

/** Whether the arms found more of the continuations than guesses do, by two standard errors of a guess. */
function clozeInWords(arms: readonly ArmResult[], questions: number): string {
  const chance = 0.25
  const error = Math.sqrt((chance * (1 - chance)) / questions)
  const sure = arms.filter(({ cloze }) => cloze > chance + 2 * error).map(({ name }) => name)
  if (sure.length === 0)
    return 'No arm does better than chance: models this small find what is likely anywhere, not what fits.'
  return `Better than chance: ${sure.join(', ')}.`
}

/** The page of a run's results. */
export function finewebPage({ arms, removals, kinds, differences, heldOut, shares, ...run }: Results): string {
  const tokens = run.steps * run.tokensPerStep
  const plot = intervalPlot(
    'Differences between arms in bits a byte on held-out text, with 95 % intervals',
    'bits a byte, held out: left of zero is better',
    differences.map(({ arm, minus, bitsPerByte }) => ({
      name: `${arm} − ${minus}`,
      ...bitsPerByte,
      colour: minus === 'raw' ? FROM_RAW : FROM_CONTROL,
    })),
  )
  const scores = arms.map(({ name, documents, bytes, epochs, bitsPerByte, runs, cloze }) => ({
    arm: name,
    documents,
    MB: megabytes(bytes),
    epochs: Number(epochs.toFixed(2)),
    bitsPerByte: Number(bitsPerByte.toFixed(4)),
    cloze: percent(cloze),
    runs: runs.map((score) => score.bitsPerByte.toFixed(4)).join(' '),
  }))
  const rules = removals.map(({ rule, documents, bytes }) => ({
    rule,
    documents,
    MB: megabytes(bytes),
    'share of the bytes': percent(bytes / run.bytes),
  }))
  const left = kinds.map(({ kind, documents, bytes, keptDocuments, keptBytes }) => ({
    kind,
    documents,
    MB: megabytes(bytes),
    kept: keptDocuments,
    'MB kept': megabytes(keptBytes),
    'share kept': percent(bytes === 0 ? 0 : keptBytes / bytes),
  }))
  return [
    '# What filtering is worth',
    'FineWeb (Penedo et al. 2024, [arXiv 2406.17557](https://arxiv.org/abs/2406.17557)) judges each rule for web text by training: the same model, the same number of tokens, two random subsets and seeds, data with the rule and without (section 3.1). Here the protocol runs at small size on the rules and the deduplication of [data-filter](../../packages/data-filter/README.md).',
    `**${verdict({ arms, removals, kinds, differences, heldOut, shares, ...run })}**`,
    plot,
    'Points are means over runs of the same seed and subset, bars their 95 % intervals (Student’s t). Blue: from the raw corpus; orange: from the control, which has as many documents as the filtered corpus, drawn at random.',
    differences.map(sentence).join('\n'),
    '## The arms',
    arms.map(({ name }) => `- **${name}**: ${ABOUT[name]}`).join('\n'),
    markdownTable(scores),
    `Each run sees ${tokens.toLocaleString('en')} bytes, whatever its arm; epochs say how often that is the arm’s subset. Scores are bits a byte on ${heldOut.scoredBytes.toLocaleString('en')} bytes of clean documents cut from other texts, and the share of ${heldOut.questions} cloze questions whose true continuation (32 bytes) the model finds likelier than three from elsewhere: chance is 25 %. ${clozeInWords(arms, heldOut.questions)} ${heldOut.leaking} held-out documents were left out because the raw corpus quotes them.`,
    '## What the rules took',
    `The raw corpus: ${run.documents.toLocaleString('en')} documents, ${megabytes(run.bytes)} MB; of the bytes ${percent(shares.clean)} clean (three documents in ten within a page’s menu and notices), ${percent(shares.nearDuplicate)} near-duplicates, ${percent(shares.junk)} generated junk. A document counts for the first rule that drops it.`,
    markdownTable(rules),
    'What is left of each kind, which the rules do not know:',
    markdownTable(left),
    '## How to read it',
    [
      '- The shares were chosen before the first run and not changed after it.',
      '- The junk is generated, not crawled: the result says that the rules do their work on the kinds above, not what a crawl is made of. `salad`, sentences of random words, is there because it passes every rule.',
      '- Of a document and its near-duplicates the first stays, so that a near-duplicate that is kept often stands for what it copies.',
      '- The held-out text is of the clean kind. A model judged by menus and listings would want them in its data.',
      `- ${run.parameters.toLocaleString('en')} parameters and at most ${Math.max(...arms.map(({ epochs }) => epochs)).toFixed(2)} epochs: near-duplicates cost less than where texts are seen often enough to be learnt by heart.`,
      `- A run of another seed or subset differs by up to ${spread(arms).toFixed(2)} bits a byte within one arm: what is smaller than that, so few runs cannot tell. More seeds and more updates can (\`--seeds\`, \`--steps\`).`,
      '- The differences share subsets and seeds, and they speak of this corpus alone.',
    ].join('\n'),
    `${run.date}; ${run.text}; ${run.steps} updates of ${run.tokensPerStep} tokens a run, seeds ${run.seeds.join(' and ')} on each of ${run.subsets} subsets; ${run.machine}; ${run.minutes} minutes in all. Repeat it with \`${run.command}\`; \`npm run --silent almanac -- reproduce june\` is a version of two to three minutes.`,
  ].join('\n\n')
}

export const makeFinewebPage = (root: string): string =>
  finewebPage(JSON.parse(readFileSync(join(root, 'experiments/fineweb/results.json'), 'utf8')) as Results)
