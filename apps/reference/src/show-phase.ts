import type { Llama } from '@almanac/language-model'
import { type MachinePeaks, type ProfileGrouping, peakShare, profileRows, profileTable } from '@almanac/tensor-core'
import type { PhaseOptions, PhaseProfile } from './profile-phase.js'

type Settings = Pick<PhaseOptions, 'tokens' | 'batch' | 'quantize'>

/** The sizes of a model in a line. */
export function showModel(model: Llama): string {
  const parameters = model.parameters().reduce((total, { shape }) => total + shape.reduce((a, b) => a * b, 1), 0)
  const { hiddenSize, layers, heads, kvHeads, intermediateSize, vocabSize } = model.config
  const size = parameters < 1e6 ? `${(parameters / 1e3).toFixed(1)}k` : `${(parameters / 1e6).toFixed(1)}M`
  const ofHeads = kvHeads === heads ? counted(heads, 'head') : `${heads} heads (${kvHeads} of keys and values)`
  return `Llama of ${size} parameters: hidden ${hiddenSize}, ${counted(layers, 'layer')}, ${ofHeads}, ffn ${intermediateSize}, vocabulary ${vocabSize}`
}

/** A phase as a table, under what was run and over its speed and memory. */
export function showPhase(
  result: PhaseProfile,
  { tokens, batch }: Settings,
  peaks: MachinePeaks,
  by: ProfileGrouping,
): string {
  const { phase, profile, milliseconds, memory } = result
  const what = {
    prefill: `a prompt of ${counted(tokens, 'token')}`,
    decode: `one token, after ${counted(tokens - 1, 'other')}`,
    train: `one update on ${batch} x ${tokens} tokens`,
  }[phase]
  const live = phase === 'train' ? 'weights and optimiser' : 'weights and cache'
  return [
    `${phase}: ${what}`,
    profileTable(profile, peaks, by),
    `${rate(tokensPerSecond(result))} tokens/s, ${milliseconds.toFixed(2)} ms a step; memory: ${binary(memory.liveBytes)} live (${live}), ${binary(memory.arenaBytes)} temporaries`,
  ].join('\n')
}

/** A phase as an object for --json: bytes and FLOPs whole, times in milliseconds. */
export function phaseJson(
  result: PhaseProfile,
  { tokens, batch, quantize }: Settings,
  peaks: MachinePeaks,
  by: ProfileGrouping,
) {
  const { phase, profile, milliseconds, memory } = result
  return {
    phase,
    tokens,
    ...(phase === 'train' ? { batch } : {}),
    quantize,
    backend: profile.backend,
    threads: profile.threads,
    milliseconds,
    tokensPerSecond: tokensPerSecond(result),
    kernelMilliseconds: profile.milliseconds - profile.idleMilliseconds,
    idleMilliseconds: profile.idleMilliseconds,
    liveBytes: memory.liveBytes,
    temporaryBytes: memory.arenaBytes,
    peaks,
    by,
    rows: profileRows(profile, by).map((row) => ({ ...row, ofPeak: peakShare(row, peaks) })),
  }
}

const tokensPerSecond = ({ tokens, milliseconds }: PhaseProfile): number => (1000 * tokens) / milliseconds
const rate = (count: number): string => (count < 100 ? count.toFixed(1) : Math.round(count).toLocaleString('en'))
const binary = (bytes: number): string =>
  bytes < 2 ** 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
