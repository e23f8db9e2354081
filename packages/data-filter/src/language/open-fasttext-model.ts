import { byteReader } from '../byte-reader.js'
import { FormatError } from '../data-filter-error.js'
import { type FastTextArguments, readArguments } from './fasttext-arguments.js'
import { type FastTextDictionary, readDictionary } from './fasttext-dictionary.js'
import { fastTextFeatures } from './fasttext-features.js'
import { type FastTextMatrix, readDense, readQuantised } from './fasttext-matrix.js'
import type { FastTextModel } from './fasttext-model.js'
import { type FastTextOutput, hierarchicalOutput, oneAgainstAllOutput, softmaxOutput } from './fasttext-output.js'

/**
 * Opens a supervised fastText model (`.bin`, or quantised `.ftz`), such as lid.176, which FineWeb names languages with. Scores
 * are fastText's probabilities (with its 1e-5 on top, so that a sure one is 1.00003), labels stand without `__label__`. Joulin
 * et al. 2016 (arXiv 1607.01759, 1612.03651); the format is that of versions 11 and 12. The model takes about as much memory as
 * the file, and up to 64 MB more where it is quantised. Throws FormatError where the bytes are no such model.
 */
export function openFastTextModel(
  bytes: Uint8Array,
  { name = 'fasttext' }: { readonly name?: string } = {},
): FastTextModel {
  const where = 'openFastTextModel'
  const reader = byteReader(bytes, where)
  const settings = readArguments(reader, where)
  const dictionary = readDictionary(reader, settings.bucket, where)
  const readMatrix = (packed: boolean, what: string): FastTextMatrix =>
    packed ? readQuantised(reader, what, where) : readDense(reader, what)
  const quantised = reader.byte() !== 0
  const input = readMatrix(quantised, 'the input matrix')
  const quantisedOutput = reader.byte() !== 0
  const output = readMatrix(quantised && quantisedOutput, 'the output matrix')
  checkSizes(settings, dictionary, input, output, where)
  const featuresOf = fastTextFeatures(settings, dictionary)
  const probabilities = outputOf(settings, dictionary, output)
  const hidden = new Float32Array(settings.dim)
  const { labels } = dictionary
  return {
    name,
    labels,
    dim: settings.dim,
    identify(text) {
      let count = 0
      hidden.fill(0)
      featuresOf(text, (row) => {
        input.addRow(row, hidden)
        count++
      })
      // fastText predicts nothing where a text has no features; with `</s>` in the dictionary every text has one.
      if (count === 0) return { language: '', score: 0, all: new Map() }
      const share = Math.fround(1 / count)
      for (let i = 0; i < hidden.length; i++) hidden[i] = (hidden[i] as number) * share
      const scores = probabilities(hidden)
      const order = Array.from(scores.keys())
        .filter((i) => (scores[i] as number) > 0)
        .sort((a, b) => (scores[b] as number) - (scores[a] as number))
      const all = new Map(order.map((i) => [labels[i] as string, scores[i] as number]))
      const [best] = all
      return best ? { language: best[0], score: best[1], all } : { language: '', score: 0, all }
    },
  }
}

function outputOf(
  { loss }: FastTextArguments,
  { labelCounts }: FastTextDictionary,
  output: FastTextMatrix,
): FastTextOutput {
  if (loss === 'softmax') return softmaxOutput(output)
  return loss === 'one against all' ? oneAgainstAllOutput(output) : hierarchicalOutput(output, labelCounts)
}

function checkSizes(
  { dim, maxn, wordNgrams }: FastTextArguments,
  { words, ngrams, labels }: FastTextDictionary,
  input: FastTextMatrix,
  output: FastTextMatrix,
  where: string,
): void {
  const rows = words + (maxn > 0 || wordNgrams > 1 ? ngrams : 0)
  if (input.columns === dim && output.columns === dim && input.rows >= rows && output.rows === labels.length) return
  throw new FormatError(
    where,
    `matrices of ${rows} and ${labels.length} rows, ${dim} columns`,
    `${input.rows} x ${input.columns} and ${output.rows} x ${output.columns}`,
    'The file is damaged.',
  )
}
