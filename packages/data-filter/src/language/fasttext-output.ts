import type { FastTextMatrix } from './fasttext-matrix.js'

/** The probability of each label for a text's vector; 0 for those that fastText leaves out as well. */
export type FastTextOutput = (hidden: Float32Array) => Float32Array

/** fastText adds this before it takes a logarithm, and takes the exponential of that: probabilities are so much too high. */
const FLOOR = 1e-5
const { fround } = Math
const log = (probability: number): number => fround(Math.log(fround(probability) + FLOOR))

/** Softmax over all labels. */
export function softmaxOutput(matrix: FastTextMatrix): FastTextOutput {
  const output = new Float32Array(matrix.rows)
  return (hidden) => {
    let [largest, sum] = [Number.NEGATIVE_INFINITY, 0]
    for (let i = 0; i < output.length; i++) {
      output[i] = matrix.dot(i, hidden)
      largest = Math.max(largest, output[i] as number)
    }
    for (let i = 0; i < output.length; i++) {
      output[i] = Math.exp((output[i] as number) - largest)
      sum = fround(sum + (output[i] as number))
    }
    for (let i = 0; i < output.length; i++) output[i] = Math.exp(log((output[i] as number) / sum))
    return output
  }
}

/** Steps of fastText's table of the logistic function, from -8 to 8. */
const STEPS = 512
const LIMIT = 8
const logistic = (x: number): number => 1 / (1 + Math.exp(-x))

/** Each label for itself. The logistic function is taken at the step below, as fastText has it in a table. */
export function oneAgainstAllOutput(matrix: FastTextMatrix): FastTextOutput {
  const output = new Float32Array(matrix.rows)
  const sigmoid = (x: number): number => {
    if (x < -LIMIT) return 0
    if (x > LIMIT) return 1
    const step = Math.trunc(((x + LIMIT) * STEPS) / LIMIT / 2)
    return logistic((step * 2 * LIMIT) / STEPS - LIMIT)
  }
  return (hidden) => {
    for (let i = 0; i < output.length; i++) output[i] = Math.exp(log(sigmoid(fround(matrix.dot(i, hidden)))))
    return output
  }
}

/** Decisions from the root of a Huffman tree of the labels down to each: rarer labels lie deeper. */
export function hierarchicalOutput(matrix: FastTextMatrix, counts: Float64Array): FastTextOutput {
  const { left, right } = huffman(counts)
  const labels = counts.length
  const scores = new Float32Array(2 * labels - 1)
  const output = new Float32Array(labels)
  const least = Math.log(FLOOR)
  return (hidden) => {
    scores.fill(Number.NEGATIVE_INFINITY)
    scores[2 * labels - 2] = 0
    // A node's children were made before it, so that their numbers are lower.
    for (let node = 2 * labels - 2; node >= labels; node--) {
      const score = scores[node] as number
      if (score < least) continue
      const toRight = fround(logistic(fround(matrix.dot(node - labels, hidden))))
      scores[left[node] as number] = score + log(1 - toRight)
      scores[right[node] as number] = score + log(toRight)
    }
    for (let i = 0; i < labels; i++) output[i] = (scores[i] as number) < least ? 0 : Math.exp(scores[i] as number)
    return output
  }
}

/** The children of each inner node; leaves are numbered as labels, from the most frequent to the rarest. */
function huffman(counts: Float64Array): { readonly left: Int32Array; readonly right: Int32Array } {
  const labels = counts.length
  const size = 2 * labels - 1
  const [left, right] = [new Int32Array(size), new Int32Array(size)]
  // Nodes that are not made yet are never the rarest.
  const total = new Float64Array(size).fill(1e15)
  total.set(counts)
  let [leaf, node] = [labels - 1, labels]
  const rarest = (): number => (leaf >= 0 && (total[leaf] as number) < (total[node] as number) ? leaf-- : node++)
  for (let i = labels; i < size; i++) {
    left[i] = rarest()
    right[i] = rarest()
    total[i] = (total[left[i] as number] as number) + (total[right[i] as number] as number)
  }
  return { left, right }
}
