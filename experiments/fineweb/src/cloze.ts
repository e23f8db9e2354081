import type { Document } from '@almanac/data-filter'
import { compile, crossEntropy, type Tensor, tensor } from '@almanac/tensor-core'
import { randomSource } from './random-source.js'

/** A beginning and four continuations, of which the first is the true one. All have the same number of bytes. */
export interface ClozeQuestion {
  readonly beginning: Uint8Array
  readonly continuations: readonly Uint8Array[]
}

/** Bytes of a beginning, of a continuation, and how many continuations there are. */
const [BEGINNING, CONTINUATION, CHOICES] = [96, 32, 4]
const LENGTH = BEGINNING + CONTINUATION
const QUESTIONS_A_BATCH = 4
const SPACE = 32

/** Questions on the documents: the wrong continuations come from others of them and begin behind a space as the true one does. */
export function clozeQuestions(documents: readonly Document[], count: number, seed: number): ClozeQuestion[] {
  const random = randomSource(seed)
  const texts = documents
    .map(({ text }) => new TextEncoder().encode(text.replaceAll('\n', ' ')))
    .filter((bytes) => bytes.length > 2 * LENGTH)
  if (texts.length < CHOICES) {
    throw new RangeError(
      `clozeQuestions: expected ${CHOICES} held-out documents of more than ${2 * LENGTH} bytes, got ${texts.length}. Give more text.`,
    )
  }
  // The place of a word's first byte, with room for a beginning before it and a continuation behind it.
  const place = (bytes: Uint8Array): number => {
    const from = bytes.indexOf(SPACE, random.between(BEGINNING, bytes.length - LENGTH)) + 1
    return from >= BEGINNING && from <= bytes.length - CONTINUATION ? from : bytes.length - CONTINUATION
  }
  return Array.from({ length: count }, () => {
    const [own, ...others] = random.shuffled(texts).slice(0, CHOICES) as [Uint8Array, ...Uint8Array[]]
    const at = place(own)
    const continuations = [own.subarray(at, at + CONTINUATION)]
    for (const other of others) {
      const start = place(other)
      continuations.push(other.subarray(start, start + CONTINUATION))
    }
    return { beginning: own.subarray(at - BEGINNING, at), continuations }
  })
}

/** Whether the first of the losses is below all others. */
const findsFirst = ([first, ...others]: readonly number[]): boolean => others.every((loss) => (first as number) < loss)

/** Share of the questions whose true continuation has the highest likelihood behind its beginning. */
export async function clozeAccuracy(
  forward: (tokens: Tensor) => Tensor,
  questions: readonly ClozeQuestion[],
): Promise<number> {
  type Batch = { readonly inputs: Tensor; readonly targets: Tensor }
  const losses = compile(
    ({ inputs, targets }: Batch) => crossEntropy(forward(inputs), targets, { reduction: 'none' }),
    { name: 'cloze' },
  )
  let found = 0
  for (let first = 0; first < questions.length; first += QUESTIONS_A_BATCH) {
    const rows = Array.from(
      { length: QUESTIONS_A_BATCH },
      (_, i) => questions[Math.min(first + i, questions.length - 1)],
    )
    const ids = (shift: number) => {
      const values = new Int32Array(QUESTIONS_A_BATCH * CHOICES * (LENGTH - 1))
      rows.forEach((question, i) => {
        const { beginning, continuations } = question as ClozeQuestion
        continuations.forEach((continuation, j) => {
          const whole = [...beginning, ...continuation].slice(shift, shift + LENGTH - 1)
          values.set(whole, (i * CHOICES + j) * (LENGTH - 1))
        })
      })
      return tensor(values, { shape: [QUESTIONS_A_BATCH * CHOICES, LENGTH - 1] })
    }
    const values = await (await losses({ inputs: ids(0), targets: ids(1) })).data()
    const lossOf = (row: number) =>
      Array.from({ length: CONTINUATION }, (_, t) => Number(values[(row + 1) * (LENGTH - 1) - 1 - t])).reduce(
        (a, b) => a + b,
      )
    for (let i = 0; i < Math.min(QUESTIONS_A_BATCH, questions.length - first); i++) {
      if (findsFirst(Array.from({ length: CHOICES }, (_, j) => lossOf(i * CHOICES + j)))) found++
    }
  }
  return found / questions.length
}
