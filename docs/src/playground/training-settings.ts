import type { BackendName } from '@almanac/tensor-core'

/** What a reader chooses for a run. A type, not an interface, so that it is a plain record. */
export type TrainingSettings = {
  readonly backend: BackendName
  /** C, the width of the residual stream. */
  readonly width: number
  readonly layers: number
  /** T, bytes that the model sees at once. */
  readonly context: number
  /** B, windows of the text in an update. */
  readonly batch: number
  readonly steps: number
  readonly learningRate: number
}

export const BACKENDS: readonly BackendName[] = ['webgpu', 'wasm', 'cpu']

/** What each number may be. Widths are multiples of twice the heads' number, for rotary pairs. */
export const LIMITS = {
  width: { choices: [32, 64, 128, 256, 384] },
  layers: { least: 1, most: 12 },
  context: { choices: [32, 64, 128, 256] },
  batch: { least: 1, most: 64 },
  steps: { least: 1, most: 20_000 },
  learningRate: { least: 1e-6, most: 1 },
} as const

export type ModelSize = Pick<TrainingSettings, 'width' | 'layers' | 'context' | 'batch'>

export interface Preset extends ModelSize {
  readonly name: string
}

/** The first is for any machine, the last for one with a GPU. */
export const PRESETS: readonly Preset[] = [
  { name: 'Tiny', width: 64, layers: 2, context: 64, batch: 8 },
  { name: 'Small', width: 128, layers: 4, context: 128, batch: 16 },
  { name: 'Medium', width: 256, layers: 6, context: 256, batch: 16 },
]

/** The preset with this size; undefined where the numbers were changed by hand. */
export const presetOf = ({ width, layers, context, batch }: ModelSize): Preset | undefined =>
  PRESETS.find(
    (preset) =>
      preset.width === width && preset.layers === layers && preset.context === context && preset.batch === batch,
  )
