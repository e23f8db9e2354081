import type { Document } from '@almanac/data-filter'
import { studentInterval } from '@almanac/experiment-shared'
import { type ArmName, makeArms } from './arms.js'
import { byteStream } from './byte-stream.js'
import { clozeQuestions } from './cloze.js'
import { cutDocuments } from './cut-documents.js'
import { dirtyCorpus, SHARES } from './dirty-corpus.js'
import type { ArmResult, Difference, Findings, RunScore } from './results.js'
import { type SourceText, splitTexts } from './source-text.js'
import { subsetOf } from './subset-of.js'
import { parameterCount, trainArm } from './train-arm.js'
import { withoutLeaks } from './without-leaks.js'

export interface ExperimentOptions {
  /** What the text is called, and its parts. */
  readonly text: string
  readonly texts: readonly SourceText[]
  /** `raw` and `filtered` among them. */
  readonly arms: readonly ArmName[]
  readonly steps: number
  readonly seeds: number
  readonly subsets: number
  /** Batches of held-out windows at most, and questions of the cloze test. */
  readonly heldOutBatches: number
  readonly questions: number
  /** How much of all runs is done, in [0, 1] of the run and with its number, and what is being done. */
  readonly onProgress: (run: number, share: number, text: string) => void
}

const [BATCH, CONTEXT] = [16, 128]
/** Draws the corpus, the subsets, the thinning and the questions; the runs have seeds of their own, from 1 on. */
const CORPUS_SEED = 20240625
/** Bytes of the raw corpus for a byte of training, so that half of it, or less, is about one epoch. */
const RAW_FOR_TRAINED = 2.6
/** The raw corpus is never smaller, or rules would have nothing to be rare in. */
const LEAST_RAW_BYTES = 400_000

/**
 * FineWeb's ablation: models that differ in their data alone, each arm by the same number of tokens, with the same seeds and
 * subsets. Penedo et al. 2024, arXiv 2406.17557, section 3.1. Runs on the default device. Rejects with RangeError where the text
 * is too short, or there are fewer than two runs an arm.
 */
export async function runExperiment(options: ExperimentOptions): Promise<Findings> {
  const { text, texts, arms: names, steps, seeds: seedCount, subsets, onProgress } = options
  const tokens = steps * BATCH * CONTEXT
  const split = splitTexts(texts)
  const wanted = Math.max(LEAST_RAW_BYTES, subsets * tokens * RAW_FOR_TRAINED)
  onProgress(0, 0, 'making the dirty corpus')
  const raw = dirtyCorpus(split.train.flatMap(cutDocuments), wanted, CORPUS_SEED)
  const candidates = split.heldOut.flatMap(cutDocuments)
  const heldOut = withoutLeaks(candidates, raw)
  onProgress(0, 0, `filtering ${raw.length} documents`)
  const arms = await makeArms(raw, names, CORPUS_SEED)
  const questions = clozeQuestions(heldOut, options.questions, CORPUS_SEED)
  const heldOutBytes = byteStream(heldOut)

  const seeds = Array.from({ length: seedCount }, (_, i) => i + 1)
  const scores = new Map(names.map((name): [ArmName, RunScore[]] => [name, []]))
  let run = 0
  // Arm after arm within a seed and a subset, so that what disturbs the machine disturbs all arms.
  for (const seed of seeds) {
    for (let subset = 0; subset < subsets; subset++) {
      for (const name of names) {
        const documents = subsetOf(raw, arms.documents.get(name) as readonly Document[], subset, subsets)
        const about = `${name}, seed ${seed}, subset ${subset + 1}`
        const score = await trainArm(byteStream(documents), {
          ...{ seed, steps, batchSize: BATCH, contextLength: CONTEXT, questions },
          ...{ heldOut: heldOutBytes, heldOutBatches: options.heldOutBatches },
          onProgress: (share, loss) => onProgress(run, share * 0.99, `${about}: loss ${loss.toFixed(3)}`),
        })
        scores.get(name)?.push({ seed, subset: subset + 1, ...score })
        onProgress(run, 1, `${about}: ${score.bitsPerByte.toFixed(4)} bits a byte held out`)
        run++
      }
    }
  }
  const results = names.map((name): ArmResult => {
    const [documents, runs] = [arms.documents.get(name) as readonly Document[], scores.get(name) as RunScore[]]
    const bytes = byteStream(documents).length
    const [bitsPerByte, cloze] = [mean(runs.map((one) => one.bitsPerByte)), mean(runs.map((one) => one.cloze))]
    return { name, documents: documents.length, bytes, epochs: (tokens * subsets) / bytes, runs, bitsPerByte, cloze }
  })
  return {
    ...{ text, parameters: parameterCount(), steps, tokensPerStep: BATCH * CONTEXT, seeds, subsets },
    ...{ documents: raw.length, bytes: byteStream(raw).length, shares: SHARES },
    heldOut: {
      ...{ documents: heldOut.length, bytes: heldOutBytes.length, leaking: candidates.length - heldOut.length },
      scoredBytes: scoredBytes(heldOutBytes.length, options.heldOutBatches),
      questions: questions.length,
    },
    ...{ kinds: arms.kinds, removals: arms.removals, arms: results, differences: differencesOf(results) },
  }
}

/** Bytes of the windows that `heldOutBatches` makes of so many: whole batches, or one of what there is. */
function scoredBytes(bytes: number, batches: number): number {
  const windows = Math.floor((bytes - 1) / CONTEXT)
  const rows = Math.min(BATCH, windows)
  return Math.min(batches, Math.floor(windows / rows)) * rows * CONTEXT
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** Every arm from `raw`, and `filtered` from `thinned`. */
function differencesOf(arms: readonly ArmResult[]): Difference[] {
  const find = (name: ArmName) => arms.find((arm) => arm.name === name)
  const pairs: [ArmResult | undefined, ArmResult | undefined][] = [
    ...arms.filter(({ name }) => name !== 'raw').map((arm): [ArmResult, ArmResult | undefined] => [arm, find('raw')]),
    [find('filtered'), find('thinned')],
  ]
  return pairs.flatMap(([arm, base]) => {
    if (!arm || !base) return []
    const interval = (score: 'bitsPerByte' | 'cloze') =>
      studentInterval(arm.runs.map((one, i) => one[score] - (base.runs[i] as RunScore)[score]))
    return [{ arm: arm.name, minus: base.name, bitsPerByte: interval('bitsPerByte'), cloze: interval('cloze') }]
  })
}
