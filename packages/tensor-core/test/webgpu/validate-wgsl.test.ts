import { nullGpu } from '@almanac/test-kit/dawn'
import { afterAll, describe, expect, it } from 'vitest'
import { webgpu } from '../../src/backends/webgpu/index.js'
import { computeTypeOf, SCALAR_DTYPES, type ScalarDType } from '../../src/dtype.js'
import * as v from '../../src/kernel/expressions.js'
import type { Value } from '../../src/kernel/value.js'
import type { Launch } from '../../src/schedule/program.js'
import { contiguousView, expandView, permuteView } from '../../src/view.js'
import { apply, input, operand, program, slot } from './programs.js'

const gpu = await nullGpu()
const backend = gpu ? await webgpu({ gpu }) : null
afterAll(() => backend?.close())

/** Loads one launch on Dawn's null backend, which compiles the shader as far as its validation goes. */
async function validate(launch: Launch, dtypes: readonly ScalarDType[]): Promise<void> {
  const slots = dtypes.map((dtype) => slot(dtype, 4096))
  backend?.unload(await backend.load(program(slots, [launch])))
}

describe.skipIf(!backend)("Dawn's validator takes", () => {
  const unary: Record<string, (x: Value) => Value> = {
    neg: v.neg,
    abs: v.abs,
    sqrt: v.sqrt,
    floor: v.floor,
    ceil: v.ceil,
    trunc: v.trunc,
    roundEven: v.roundEven,
    exp: v.exp,
    log: v.log,
    sin: v.sin,
    cos: v.cos,
    tanh: v.tanh,
    erf: v.erf,
    constants: (x) => v.add(x, v.mul(v.f32(3e38), v.mul(v.f32(1e38), v.f32(Number.NaN)))),
    'subnormal constants': (x) => v.add(x, v.sub(v.f32(1e-42), v.f32(-0))),
    'bits of constants': (x) => v.add(x, v.bitcast(v.i32(-1), 'f32')),
  }
  it.each(Object.entries(unary))('%s', async (_name, kernel) => {
    await validate(
      {
        kind: 'map',
        label: 'unary',
        shape: [64],
        inputs: [operand(0, 'float32', [64])],
        outputs: [operand(1, 'float32', [64])],
        expressions: [apply('float32', [input(0, 'float32')], kernel)],
      },
      ['float32', 'float32'],
    )
  })

  const binary = {
    add: v.add,
    sub: v.sub,
    mul: v.mul,
    div: v.div,
    rem: v.rem,
    min: v.min,
    max: v.max,
    and: v.and,
    or: v.or,
    xor: v.xor,
    shl: v.shl,
    shr: v.shr,
  }
  it.each(
    Object.entries(binary).flatMap(([name, kernel]) =>
      (['i32', 'u32'] as const).map((type) => [name, type, kernel] as const),
    ),
  )('%s of %s, with constants and without', async (_name, type, kernel) => {
    const dtype = type === 'i32' ? 'int32' : 'uint32'
    const least = v.constant(type, type === 'i32' ? -2147483648 : 4294967295)
    await validate(
      {
        kind: 'map',
        label: 'binary',
        shape: [64],
        inputs: [operand(0, dtype, [64]), operand(1, dtype, [64])],
        outputs: [operand(2, dtype, [64])],
        expressions: [
          apply(dtype, [input(0, dtype), input(1, dtype)], (x, y) =>
            v.max(kernel(x, y), v.add(kernel(x, 0), kernel(least, v.constant(type, 0)))),
          ),
        ],
      },
      [dtype, dtype, dtype],
    )
  })

  it.each(SCALAR_DTYPES.flatMap((from) => SCALAR_DTYPES.map((to) => [from, to] as const)))(
    'a cast from %s to %s',
    async (from, to) => {
      await validate(
        {
          kind: 'map',
          label: 'cast',
          shape: [8, 16],
          inputs: [
            operand(0, from, permuteView(contiguousView([16, 8]), [1, 0])),
            operand(1, from, expandView(contiguousView([16]), [8, 16])),
          ],
          outputs: [operand(2, to, [8, 16])],
          expressions: [
            apply(to, [input(0, from), input(1, from)], (x, y) =>
              v.convert(v.select(v.eq(x, y), x, y), computeTypeOf(to)),
            ),
          ],
        },
        [from, from, to],
      )
    },
  )

  it.each(
    SCALAR_DTYPES.filter((dtype) => dtype !== 'bool').flatMap((dtype) =>
      (['sum', 'max', 'min'] as const).map((combine) => [combine, dtype] as const),
    ),
  )('%s of %s in one pass and in two', async (combine, dtype) => {
    for (const shape of [
      [4, 64],
      [1, 40_000],
    ]) {
      await validate(
        {
          kind: 'reduce',
          label: combine,
          shape,
          reduced: 1,
          combine,
          inputs: [operand(0, dtype, shape)],
          expression: input(0, dtype),
          output: operand(1, dtype, shape.slice(0, 1)),
        },
        [dtype, dtype],
      )
    }
  })

  it('and its messages name what is wrong', async () => {
    const bad = apply('float32', [input(0, 'float32')], () => ({
      kind: 'bitcast',
      type: 'f32',
      lanes: 1,
      a: v.bool(true),
    }))
    const launch: Launch = {
      kind: 'map',
      label: 'bad cast',
      shape: [4],
      inputs: [operand(0, 'float32', [4])],
      outputs: [operand(1, 'float32', [4])],
      expressions: [bad],
    }
    await expect(validate(launch, ['float32', 'float32'])).rejects.toThrow(
      /^webgpu: bad cast: expected a shader that compiles/,
    )
  })
})
