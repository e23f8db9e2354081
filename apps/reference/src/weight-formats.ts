import { q4_0, q8_0 } from '@almanac/tensor-core'

/** What --quantize names. */
export const WEIGHT_FORMATS = { q8_0, q4_0 } as const

export type WeightFormat = keyof typeof WEIGHT_FORMATS

export const WEIGHT_FORMAT_NAMES = Object.keys(WEIGHT_FORMATS) as readonly WeightFormat[]
