import { expect, test } from 'vitest'
import { SmallDecoder } from '../src/small-decoder.js'
import { attentionParameters, SHAPE, VARIANTS } from '../src/variants.js'

test('all variants have as many parameters as the first, within half a percent', () => {
  const counts = VARIANTS.map((variant) => new SmallDecoder(variant, SHAPE).parameterCount())
  for (const count of counts) expect(Math.abs(count / (counts[0] as number) - 1)).toBeLessThan(0.005)
})

test.each(VARIANTS)('the parameters of an attention are counted right: $name', (variant) => {
  const [layer] = new SmallDecoder(variant, SHAPE).layers
  const counted = layer?.self_attn.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
  expect(attentionParameters(variant, SHAPE)).toBe(counted)
})
