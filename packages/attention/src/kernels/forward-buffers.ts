import type { KernelSignature, Shape } from '@almanac/tensor-core'
import type * as v from '@almanac/tensor-core/kernel'
import { declareFlashParams, type FlashLaunch, type FlashParams } from './flash-launch.js'
import type { Rows } from './pack-rows.js'

/** What a forward op has beside q, k, v, sequences and ranges. */
export type Extra = 'nothing' | 'bias' | 'scales'

/** Where `sequences` stands among the inputs. */
export const SEQUENCES = 3

/** Parameters of a bias [N, H or 1, L], after the others. */
export function biasParams({ inputs }: FlashLaunch, at: number): number[] {
  const [, heads, length] = (inputs[at]?.view.shape ?? []) as Shape as [number, number, number]
  return [heads, length]
}

/** The buffers of a forward op in their order. */
export function declareOperands(k: v.KernelBuilder, extra: Extra, { inputs, variant }: KernelSignature) {
  const stored = inputs[1]?.dtype as 'float32'
  const q = k.buffer('q', 'float32', 'read')
  const [key, value] = [k.buffer('k', stored, 'read'), k.buffer('v', stored, 'read')]
  const [sequences, ranges] = [k.buffer('sequences', 'int32', 'read'), k.buffer('ranges', 'int32', 'read')]
  const other = extra === 'nothing' ? null : k.buffer(extra, 'float32', 'read')
  const [y, lse] = [k.buffer('y', 'float32', 'write'), k.buffer('lse', 'float32', 'write')]
  const [bias, scales] = [extra === 'bias' ? other : null, extra === 'scales' ? other : null]
  return { q, key, value, sequences, ranges, bias, scales, y, lse, capped: variant === 'capped' }
}

/** The same and scratch memory behind them. */
export function declareForward(k: v.KernelBuilder, extra: Extra, signature: KernelSignature) {
  const operands = declareOperands(k, extra, signature)
  const workspace = k.buffer('scratch', 'uint8', 'readwrite')
  const buffers = { scratch: k.reinterpret(workspace, 'float32'), integers: k.reinterpret(workspace, 'int32') }
  return { ...operands, buffers }
}

export const variantOf = ({ attributes }: FlashLaunch): string => (attributes.softcap > 0 ? 'capped' : '')

export type BiasedParams = FlashParams & { readonly biasHeads?: v.Value; readonly biasLength?: v.Value }

export function declareParams(k: v.KernelBuilder, biased: boolean): BiasedParams {
  const p = declareFlashParams(k)
  return biased ? { ...p, biasHeads: k.param('biasHeads'), biasLength: k.param('biasLength') } : p
}

/** The rows of q, k, v and y. */
export function rowsOf(
  p: FlashParams,
  { q, key, value, scales, y }: Pick<ReturnType<typeof declareForward>, 'q' | 'key' | 'value' | 'scales' | 'y'>,
): Record<'queries' | 'keys' | 'values' | 'results', Rows> {
  const scaled = (at: 0 | 1) => (scales ? { scales: { buffer: scales, at } } : {})
  return {
    queries: { buffer: q, channels: p.channels, stride: p.channels },
    keys: { buffer: key, channels: p.channels, stride: p.channels, ...scaled(0) },
    values: { buffer: value, channels: p.valueChannels, stride: p.valueStride, ...scaled(1) },
    results: { buffer: y, channels: p.valueChannels, stride: p.valueChannels },
  }
}
