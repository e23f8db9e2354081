import { describe, expect, it } from 'vitest'
import { dispatchCount } from '../../src/backends/webgpu/dispatch-count.js'
import { emitWgsl } from '../../src/backends/webgpu/emit-wgsl.js'
import { WEBGPU_TARGET } from '../../src/backends/webgpu/gpu-target.js'
import { kernelUses } from '../../src/backends/webgpu/kernel-uses.js'
import { planBindings } from '../../src/backends/webgpu/plan-bindings.js'
import { planTemporaries } from '../../src/backends/webgpu/plan-temporaries.js'
import { mapPass } from '../../src/codegen/map-kernel.js'
import * as v from '../../src/kernel/expressions.js'
import { buildKernel, type KernelBuilder, type Operand } from '../../src/kernel/kernel-builder.js'
import { apply, input, operand } from './programs.js'

function wgsl(build: (k: KernelBuilder) => void, identities: readonly unknown[], limit = 8): string {
  const code = buildKernel('test', WEBGPU_TARGET, build)
  const uses = kernelUses(code)
  return emitWgsl(code, uses, planBindings('test', uses.buffers, identities, limit))
}

describe('emitWgsl', () => {
  it('a map', () => {
    const pass = mapPass(
      {
        kind: 'map',
        label: 'silu',
        shape: [100],
        inputs: [operand(0, 'float32', [100])],
        outputs: [operand(1, 'float32', [100])],
        expressions: [apply('float32', [input(0, 'float32')], (x) => v.div(x, v.add(v.exp(v.neg(x)), 1)))],
      },
      WEBGPU_TARGET,
    )
    expect(wgsl((k) => pass?.build(k), [0, 1])).toMatchInlineSnapshot(`
      "// test
      @group(0) @binding(0) var<uniform> params: array<vec4<i32>, 3>;
      @group(0) @binding(1) var<storage, read> b0: array<f32>; // in0
      @group(0) @binding(2) var<storage, read_write> b1: array<f32>; // out0

      fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
      fn pow2(k: i32) -> f32 { return bitcast<f32>(u32(k + 127) << 23u); }
      fn f_exp(x: f32) -> f32 {
        if (is_nan(x)) { return x; }
        let y = clamp(x, -104.0, 89.0);
        let n = round(y * 1.44269504);
        let r = (y - n * 0.693359375) + n * 2.12194440e-4;
        let p = 0.5 + r * (0.16666576 + r * (0.041666374 + r * (0.0083633354 + r * 0.0013941388)));
        let k = i32(n);
        let half = k >> 1u;
        return ((1.0 + (r + r * r * p)) * pow2(half)) * pow2(k - half);
      }
      @compute @workgroup_size(64)
      fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
        var begin_0: i32;
        var end_1: i32;
        var base_2: i32;
        var base_3: i32;
        var i_4: i32;
        var t_5: f32;
        var t_6: f32;
        let t0 = params[0].x;
        for (var grain = id.x; grain < u32(max(t0, 0)); grain += groups.x * 64u) {
          begin_0 = i32(grain) * 1;
          end_1 = begin_0 + min(1, t0 - begin_0);
          base_2 = params[1].y;
          base_3 = params[1].w;
          i_4 = begin_0;
          t_5 = b0[(base_2 + (i_4 * params[1].z))];
          t_6 = (t_5 / (f_exp((-t_5)) + 1.0));
          b1[(base_3 + (i_4 * params[2].x))] = t_6;
        }
      }
      "
    `)
  })

  it('bytes in place: one atomic binding', () => {
    const build = (k: KernelBuilder) => {
      const x = k.buffer('x', 'uint8', 'read')
      const y = k.buffer('y', 'uint8', 'write')
      k.parallel(k.param('n'), (i) => k.store(y, i, v.add(k.load(x, i), 1)))
    }
    expect(wgsl(build, [0, 0])).toMatchInlineSnapshot(`
      "// test
      @group(0) @binding(0) var<uniform> params: array<vec4<i32>, 1>;
      @group(0) @binding(1) var<storage, read_write> b0: array<atomic<u32>>; // x, y

      fn load_0_uint8(i: i32) -> u32 {
        return extractBits((atomicLoad(&b0[(i >> 2u)])), u32(i & 3) * 8u, 8u);
      }
      fn store_0_uint8(i: i32, v: u32) {
        let inWord = 2u;
        let width = 32u >> inWord;
        let shift = (u32(i) & ((1u << inWord) - 1u)) * width;
        let mask = 0xffffffffu >> (32u - width);
        atomicAnd(&b0[i >> inWord], ~(mask << shift));
        atomicOr(&b0[i >> inWord], ((v) & mask) << shift);
      }
      @compute @workgroup_size(64)
      fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
        var begin_0: i32;
        var end_1: i32;
        var i_2: i32;
        let t0 = params[0].x;
        for (var grain = id.x; grain < u32(max(t0, 0)); grain += groups.x * 64u) {
          begin_0 = i32(grain) * 1;
          end_1 = begin_0 + min(1, t0 - begin_0);
          i_2 = begin_0;
          store_0_uint8(i_2, (load_0_uint8(i_2) + 1u));
        }
      }
      "
    `)
    expect(wgsl(build, [0, 1])).toContain('var<storage, read> b0: array<u32>; // x')
  })

  it('packed inputs have word offsets behind the parameters', () => {
    const text = wgsl(
      (k) => {
        const inputs = [0, 1, 2].map((i) => k.buffer(`x${i}`, 'float32', 'read'))
        const y = k.buffer('y', 'float32', 'write')
        k.parallel(k.param('n'), (i) => {
          const [a, b, c] = inputs.map((x) => k.load(x, i)) as [Operand, Operand, Operand]
          k.store(y, i, v.add(v.add(a, b), c))
        })
      },
      [0, 1, 2, 3],
      2,
    )
    expect(text).toContain('var<storage, read> b1: array<u32>; // x0, x1, x2')
    expect(text).toContain('return bitcast<f32>(b1[params[0].y + i]);')
    expect(text).toContain('return bitcast<f32>(b1[params[0].w + i]);')
  })
})

describe('planBindings', () => {
  const use = (access: 'read' | 'write', ...dtypes: ('float32' | 'int32' | 'uint8')[]) => ({
    access,
    dtypes: new Set(dtypes),
    stored: new Set(access === 'read' ? [] : dtypes),
  })

  it('gives buffers of one identity one binding', () => {
    const plan = planBindings(
      'test',
      [use('read', 'float32'), use('read', 'float32'), use('write', 'float32')],
      [7, 8, 7],
      8,
    )
    expect(plan.bindings).toMatchObject([
      { access: 'read', element: 'f32', members: [1] },
      { access: 'read_write', element: 'f32', members: [0, 2] },
    ])
  })

  it('reads words where a buffer is seen under two dtypes', () => {
    expect(planBindings('test', [use('read', 'float32', 'int32')], [0], 8).bindings[0]?.element).toBe('u32')
    expect(planBindings('test', [use('write', 'float32', 'int32')], [0], 8).bindings[0]?.element).toBe('u32')
    expect(planBindings('test', [use('write', 'float32', 'uint8')], [0], 8).bindings[0]?.element).toBe('atomic<u32>')
  })

  it('refuses more written buffers than can be bound', () => {
    const uses = [use('write', 'float32'), use('write', 'float32'), use('read', 'float32')]
    expect(() => planBindings('webgpu: adam', uses, [0, 1, 2], 2)).toThrow(
      'webgpu: adam: expected at most 2 storage buffers, read-only ones counted once, got 2 written and 1 read.',
    )
  })
})

describe('dispatchCount', () => {
  const groups = (count: (k: KernelBuilder) => Operand, params: number[], grain = 1, limit = 65_535) => {
    const code = buildKernel('test', WEBGPU_TARGET, (k) => {
      const x = k.buffer('x', 'int32', 'readwrite')
      k.parallelRange(count(k), grain, (begin) => k.store(x, begin, v.i32(0)))
    })
    return dispatchCount(code, params, limit)
  }

  it('is one invocation a grain', () => {
    expect(groups((k) => k.param('n'), [1])).toBe(1)
    expect(groups((k) => k.param('n'), [65])).toBe(2)
    expect(groups((k) => k.param('n'), [0])).toBe(0)
    expect(groups((k) => k.let(v.mul(k.param('m'), k.param('n'))), [100, 64], 10)).toBe(10)
  })

  it('stays within the limit, and guesses where only the kernel knows', () => {
    expect(groups((k) => k.param('n'), [2 ** 30])).toBe(65_535)
    expect(groups((k) => k.load(k.buffer('n', 'int32', 'read'), 0), [])).toBe(256)
  })
})

describe('planTemporaries', () => {
  it('never lets two that live together share a block', () => {
    let state = 7
    const random = (n: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return Math.floor((state / 2 ** 32) * n)
    }
    for (let round = 0; round < 50; round++) {
      const temporaries = Array.from({ length: 40 }, () => {
        const first = random(60)
        return { bytes: 4 * (1 + random(1000)), first, last: first + random(10) }
      })
      const { blocks, assignment } = planTemporaries(temporaries)
      temporaries.forEach((a, i) => {
        expect(blocks[assignment[i] as number]).toBeGreaterThanOrEqual(a.bytes)
        temporaries.forEach((b, j) => {
          if (i < j && assignment[i] === assignment[j]) expect(a.last < b.first || b.last < a.first).toBe(true)
        })
      })
      expect([...blocks]).toEqual([...blocks].sort((a, b) => b - a))
    }
  })
})
