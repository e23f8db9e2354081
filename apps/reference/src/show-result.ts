import { lossPlot } from './loss-plot.js'
import type { FinishedRun } from './run-training.js'

/** The end of a training run in a few lines. */
export function showResult({ result, comparison, data }: FinishedRun): string {
  const { model, bigram, trigram, overBigram, overTrigram, tokens } = comparison
  const bits = (nats: number) => (nats / Math.LN2 / data.bytesPerToken).toFixed(3)
  const row = (name: string, nats: number, note: string) =>
    `  ${name.padEnd(22)} ${nats.toFixed(3)} nats a token  ${bits(nats)} bits a byte  ${note}`
  const interval = ({ mean, low, high }: typeof overBigram) =>
    mean >= 0
      ? `the model is better by ${mean.toFixed(3)} (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})`
      : `the model is worse by ${(-mean).toFixed(3)} (95 %: ${(-high).toFixed(3)} to ${(-low).toFixed(3)})`
  return [
    `loss:   ${lossPlot(result.losses)}`,
    `held out, ${tokens.toLocaleString('en')} tokens:`,
    row('this model', model, ''),
    row('interpolated bigram', bigram, interval(overBigram)),
    row('Kneser-Ney trigram', trigram, interval(overTrigram)),
  ].join('\n')
}
