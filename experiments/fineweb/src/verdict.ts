import type { Difference, Findings } from './results.js'

const signed = (value: number, digits: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(digits)}`

/** A difference in bits a byte with its interval, in words. */
export const differenceInWords = ({ bitsPerByte: { mean, low, high } }: Difference): string =>
  `${signed(mean, 4)} bits a byte, 95 % interval ${signed(low, 4)} to ${signed(high, 4)}`

/** Whether the paper's claim showed: filtered better than raw at equal tokens, which the interval of their difference decides. */
export function verdict({ differences }: Findings): string {
  const difference = differences.find(({ arm, minus }) => arm === 'filtered' && minus === 'raw')
  if (!difference) return 'The run has no arms filtered and raw to compare.'
  const { low, high } = difference.bitsPerByte
  const shown =
    high < 0
      ? 'showed here: filtered text is better than raw text at equal tokens'
      : low > 0
        ? 'did not show here: filtered text is worse than raw text at equal tokens'
        : 'neither showed nor failed here: the interval of the difference includes zero'
  return `The paper's claim ${shown} (${differenceInWords(difference)}).`
}
