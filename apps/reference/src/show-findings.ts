import { type ArmResult, differenceInWords, type Findings, verdict } from '@almanac/experiment-fineweb'

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2)
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** What an ablation of data came to: what each rule took, the arms with their scores, and whether the claim showed. */
export function showFindings(findings: Findings): string {
  const { bytes, documents, removals, arms, heldOut, differences } = findings
  const removed = removals.map(
    (one) =>
      `  ${one.rule.padEnd(46)} ${`${one.documents}`.padStart(9)} ${megabytes(one.bytes).padStart(7)} ${percent(one.bytes / bytes).padStart(8)}`,
  )
  const arm = ({ name, documents: count, bytes: size, epochs, bitsPerByte, cloze }: ArmResult): string => {
    const from = differences.find((one) => one.arm === name && one.minus === 'raw')?.bitsPerByte
    const difference = from ? [from.mean, from.low, from.high].map((value) => value.toFixed(4)) : []
    const interval = from ? `  ${difference[0]} (95 %: ${difference[1]} to ${difference[2]})` : ''
    return `  ${name.padEnd(10)} ${`${count}`.padStart(9)} ${megabytes(size).padStart(7)} ${epochs.toFixed(2).padStart(7)} ${bitsPerByte.toFixed(4).padStart(10)} ${percent(cloze).padStart(8)}${interval}`
  }
  return [
    `what the rules took of ${documents.toLocaleString('en')} documents, ${megabytes(bytes)} MB:`,
    `  ${'rule'.padEnd(46)} documents      MB    share`,
    ...removed,
    '',
    `after the same ${(findings.steps * findings.tokensPerStep).toLocaleString('en')} bytes of training, on ${heldOut.scoredBytes.toLocaleString('en')} held-out bytes of other texts:`,
    `  ${'arm'.padEnd(10)} documents      MB  epochs  bits/byte    cloze  from raw`,
    ...arms.map(arm),
    ...differences
      .filter(({ minus }) => minus !== 'raw')
      .map((one) => `  ${one.arm} from ${one.minus}: ${differenceInWords(one)}`),
    '',
    verdict(findings),
  ].join('\n')
}
