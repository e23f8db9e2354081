import { ArgumentError } from '@almanac/tensor-core'

/** All positions divided by `factor`. Chen et al. 2023, arXiv 2306.15595. */
export type LinearRopeScaling = {
  readonly kind: 'linear'
  readonly factor: number
}

/** A larger base once a text is longer than what was trained on, as Hugging Face's `dynamic` computes it. */
export type DynamicNtkRopeScaling = {
  readonly kind: 'dynamic'
  readonly factor: number
  readonly originalMaxPositions: number
  /** Length of the text that the angles are for. Up to `originalMaxPositions` nothing changes. */
  readonly length: number
}

/** High frequencies kept, low ones interpolated, a ramp between. Peng et al. 2023, arXiv 2309.00071, section 3. */
export type YarnRopeScaling = {
  readonly kind: 'yarn'
  readonly factor: number
  readonly originalMaxPositions: number
  /** Turns over the original length above which a frequency is kept. Default 32. */
  readonly betaFast?: number
  /** Turns below which it is interpolated. Default 1. */
  readonly betaSlow?: number
  /** What cosines and sines are multiplied by. Default 0.1 ln(factor) + 1; 1 where the model scales its scores (DeepSeek). */
  readonly attentionFactor?: number
}

/** By wavelength: long ones divided by `factor`, short ones kept. Dubey et al. 2024, arXiv 2407.21783; factor 8 in 3.1, 32 in 3.2. */
export type Llama3RopeScaling = {
  readonly kind: 'llama3'
  readonly factor: number
  readonly originalMaxPositions: number
  /** Default 1. */
  readonly lowFreqFactor?: number
  /** Default 4. */
  readonly highFreqFactor?: number
}

/** How rotary positions reach beyond the length that a model was trained on: plain JSON, as it stands in a model's config. */
export type RopeScaling = LinearRopeScaling | DynamicNtkRopeScaling | YarnRopeScaling | Llama3RopeScaling

export interface RopeFrequencies {
  /** Radians a position for each pair, [D/2]. */
  readonly inverse: Float64Array
  /** Factor of the cosines and sines. */
  readonly attentionFactor: number
}

const WHERE = 'rope'

/**
 * The frequencies of D rotated channels: theta^(-2i/D) for pair i (Su et al. 2021, arXiv 2104.09864, eq. 15), and what a
 * scaling makes of them. Throws ArgumentError.
 */
export function ropeFrequencies(channels: number, theta = 10000, scaling?: RopeScaling): RopeFrequencies {
  if (!(theta > 0)) throw new ArgumentError(WHERE, 'a theta above 0', `${theta}`)
  if (!Number.isSafeInteger(channels) || channels < 2 || channels % 2 !== 0) {
    throw new ArgumentError(WHERE, 'an even number of channels from 2', `${channels}`)
  }
  const plain = (base: number): Float64Array =>
    Float64Array.from({ length: channels / 2 }, (_, i) => base ** ((-2 * i) / channels))
  if (!scaling) return { inverse: plain(theta), attentionFactor: 1 }
  checkScaling(scaling)
  const { factor } = scaling
  switch (scaling.kind) {
    case 'linear':
      return { inverse: plain(theta).map((f) => f / factor), attentionFactor: 1 }
    case 'dynamic': {
      const stretch = (factor * Math.max(scaling.length, scaling.originalMaxPositions)) / scaling.originalMaxPositions
      // With one pair there is no exponent: its frequency is 1 for every base.
      const base = channels === 2 ? theta : theta * (stretch - factor + 1) ** (channels / (channels - 2))
      return { inverse: plain(base), attentionFactor: 1 }
    }
    case 'yarn':
      return {
        inverse: yarn(plain(theta), channels, theta, scaling),
        attentionFactor: scaling.attentionFactor ?? yarnMscale(factor),
      }
    case 'llama3':
      return { inverse: plain(theta).map((f) => llama3(f, scaling)), attentionFactor: 1 }
  }
}

/**
 * m = 0.1 mscale ln(factor) + 1, by which YaRN keeps the softmax as sharp over a longer text: Peng et al. 2023, arXiv
 * 2309.00071, eq. 22. Cosines and sines are multiplied by it, or the scores by its square (DeepSeek-V2, arXiv 2405.04434, section 3.1.4).
 */
export function yarnMscale(factor: number, mscale = 1): number {
  return factor > 1 ? 0.1 * mscale * Math.log(factor) + 1 : 1
}

function yarn(
  plain: Float64Array,
  channels: number,
  theta: number,
  { factor, originalMaxPositions, betaFast = 32, betaSlow = 1 }: YarnRopeScaling,
): Float64Array {
  /** The pair, as a fraction, that turns so often over the original length. */
  const pairOf = (turns: number): number =>
    (channels * Math.log(originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
  const low = Math.max(Math.floor(pairOf(betaFast)), 0)
  const high = Math.min(Math.ceil(pairOf(betaSlow)), channels - 1)
  // A ramp of no width is a step.
  const width = Math.max(high - low, 0.001)
  return plain.map((f, i) => {
    const interpolated = Math.min(Math.max((i - low) / width, 0), 1)
    return (f / factor) * interpolated + f * (1 - interpolated)
  })
}

function llama3(
  frequency: number,
  { factor, originalMaxPositions, lowFreqFactor = 1, highFreqFactor = 4 }: Llama3RopeScaling,
): number {
  const wavelength = (2 * Math.PI) / frequency
  if (wavelength > originalMaxPositions / lowFreqFactor) return frequency / factor
  if (wavelength < originalMaxPositions / highFreqFactor) return frequency
  const smooth = (originalMaxPositions / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor)
  return (frequency * (1 - smooth)) / factor + frequency * smooth
}

function checkScaling(scaling: RopeScaling): void {
  const refuse = (what: string, got: unknown): never => {
    throw new ArgumentError(WHERE, `${what} of a scaling of kind '${scaling.kind}'`, `${got}`)
  }
  if (!(scaling.factor >= 1)) refuse('a factor from 1', scaling.factor)
  if (scaling.kind === 'linear') return
  if (!(scaling.originalMaxPositions >= 1)) refuse('originalMaxPositions from 1', scaling.originalMaxPositions)
  if (scaling.kind === 'dynamic' && !(scaling.length >= 0)) refuse('a length from 0', scaling.length)
  if (scaling.kind === 'yarn') {
    const { betaFast = 32, betaSlow = 1 } = scaling
    if (!(betaFast > betaSlow && betaSlow > 0)) refuse('betaFast above betaSlow above 0', `${betaFast} and ${betaSlow}`)
  }
  if (scaling.kind === 'llama3') {
    const { lowFreqFactor = 1, highFreqFactor = 4 } = scaling
    if (!(highFreqFactor > lowFreqFactor && lowFreqFactor > 0)) {
      refuse('highFreqFactor above lowFreqFactor above 0', `${highFreqFactor} and ${lowFreqFactor}`)
    }
  }
}
