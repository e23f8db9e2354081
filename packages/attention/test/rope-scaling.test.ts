import {
  cpuDevice,
  type Device,
  realize,
  setDefaultDevice,
  tensor,
  vjp,
  wasmDevice,
  webgpuDevice,
} from '@almanac/tensor-core'
import { assertClose, GOLDEN_TOLERANCE, goldenValues, loadGolden, toleranceFor } from '@almanac/test-kit'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { describe, expect, test } from 'vitest'
import { type RopeScaling, rope, ropeFrequencies } from '../src/index.js'

interface Input {
  readonly seed: number
  readonly shape: number[]
  readonly scale: number
}
interface Case {
  readonly name: string
  readonly theta: number
  readonly channels: number
  readonly interleaved: boolean
  readonly positions: number[]
  readonly scaling?: RopeScaling
  readonly x: Input
  readonly cotangent: Input
  readonly inverse: number[]
  readonly attentionFactor: number
  readonly y: number[]
  readonly gradient: number[]
}

const { cases } = loadGolden<{ cases: Case[] }>(import.meta.url, './goldens/rope.json')
const of = ({ seed, shape, scale }: Input) =>
  tensor(
    goldenValues(
      seed,
      shape.reduce((a, b) => a * b, 1),
      scale,
      0,
    ),
    { shape },
  )

test.each(cases)('frequencies: $name', ({ channels, theta, scaling, inverse, attentionFactor }) => {
  const got = ropeFrequencies(channels, theta, scaling)
  assertClose(got.inverse, inverse, GOLDEN_TOLERANCE, 'frequencies')
  assertClose([got.attentionFactor], [attentionFactor], GOLDEN_TOLERANCE, 'attention factor')
})

const gpu = await swiftShaderGpu()
const devices: [string, () => Device][] = [
  ['cpu in float64', () => cpuDevice({ precision: 'f64' })],
  ['wasm', () => wasmDevice({ threads: 2 })],
  ...(gpu ? [['webgpu', () => webgpuDevice({ gpu })] as [string, () => Device]] : []),
]

describe.each(devices)('rotations on %s', (name, open) => {
  test('forward and gradient equal PyTorch', async () => {
    const device = open()
    const before = setDefaultDevice(device)
    try {
      // The angles are of float64, but stored as float32.
      const tolerance = toleranceFor('float32', 'fused')
      for (const { name: label, x: input, cotangent, positions, y: wanted, gradient, ...golden } of cases) {
        const { theta, channels, interleaved, scaling } = golden
        const x = of(input)
        const y = rope(x, tensor(Int32Array.from(positions)), {
          theta,
          channels,
          interleaved,
          maxPositions: Math.max(...positions) + 1,
          ...(scaling ? { scaling } : {}),
        })
        const { x: dx } = vjp(y, of(cotangent), { x })
        await realize(y, dx)
        assertClose(await y.data(), wanted, tolerance, `${name}, ${label}: y`)
        assertClose(await dx.data(), gradient, tolerance, `${name}, ${label}: dx`)
      }
    } finally {
      setDefaultDevice(before)
      await device.close()
    }
  })
})

test('what cannot be is refused in words', () => {
  const of = (scaling: RopeScaling) => () => ropeFrequencies(8, 1e4, scaling)
  expect(() => ropeFrequencies(7)).toThrow('rope: expected an even number of channels from 2, got 7.')
  expect(() => ropeFrequencies(8, 0)).toThrow('rope: expected a theta above 0, got 0.')
  expect(of({ kind: 'linear', factor: 0.5 })).toThrow(
    "rope: expected a factor from 1 of a scaling of kind 'linear', got 0.5.",
  )
  expect(of({ kind: 'dynamic', factor: 2, originalMaxPositions: 0, length: 4 })).toThrow('originalMaxPositions from 1')
  expect(of({ kind: 'yarn', factor: 2, originalMaxPositions: 8, betaFast: 1, betaSlow: 2 })).toThrow(
    'expected betaFast above betaSlow above 0',
  )
  expect(of({ kind: 'llama3', factor: 8, originalMaxPositions: 8, lowFreqFactor: 4, highFreqFactor: 1 })).toThrow(
    'expected highFreqFactor above lowFreqFactor above 0',
  )
  const x = tensor(new Float32Array(12), { shape: [1, 1, 2, 6] })
  expect(() => rope(x, undefined, { channels: 8 })).toThrow('rope: expected at most the 6 channels of a head, got 8.')
})
