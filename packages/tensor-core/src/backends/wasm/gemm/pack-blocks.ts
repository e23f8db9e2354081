import type { BlockFormat, BlockIntegers } from '../../../formats/define-format.js'
import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { BufferRef, KernelFunction, Value } from '../../../kernel/value.js'
import { transpose } from './transpose.js'

/** Whether panels can be packed from the format: from its integers, in depths of `blockDepth`. */
export function packsBlocks({ integers, blockSize }: BlockFormat, blockDepth: number): boolean {
  return integers !== undefined && blockSize % 8 === 0 && blockDepth % blockSize === 0
}

/**
 * One panel of rows that are packed in a block format, unpacked on the way: (byte of the first row, bytes from row to row,
 * rows there are, blocks, place). Four rows at a time: eight values of each become two squares of four by four. Where there
 * are fewer rows than the panel is wide the last is read again.
 */
export function packBlocks(
  k: KernelBuilder,
  name: string,
  format: BlockFormat,
  source: BufferRef,
  panels: BufferRef,
  width: number,
): KernelFunction {
  const { blockSize, bytesPerBlock } = format
  const { load, scale, unit } = format.integers as BlockIntegers
  const params = ['from', 'rowBytes', 'count', 'blocks', 'to'].map((label) => ({ name: label, type: 'i32' }) as const)
  return k.func(name, params, (from, rowBytes, count, blocks, to) => {
    const last = k.let(v.sub(count as Value, 1), 'last')
    for (let group = 0; group < width; group += 4) {
      const rows = [0, 1, 2, 3].map((lane) => {
        const row = v.min(last, v.i32(group + lane))
        return k.variable(v.add(from as Value, v.mul(row, rowBytes as Value)), 'row')
      })
      const panel = k.variable(v.add(to as Value, v.i32(group)), 'panel')
      k.for(0, blocks as Value, () => {
        const loaded = rows.map((row) => {
          const block = load(k, source, row.get())
          const head = k.let(block.head)
          return { scale: k.let(v.mul(scale(v.shuffle(head, head, [0, 0, 0, 0])), unit)), pairs: block.pairs }
        })
        for (let eight = 0; eight < blockSize / 8; eight++) {
          const packed = loaded.map(({ pairs }) => k.let(pairs[eight] as Value))
          const values = (part: (pair: Value) => Value): Value[] =>
            packed.map((pair, r) => k.let(v.mul(v.convert(part(pair), 'f32'), (loaded[r] as (typeof loaded)[0]).scale)))
          // A lane holds a value of even and one of odd depth.
          const even = transpose(
            k,
            values((pair) => v.shr(v.shl(pair, 16), 16)),
          )
          const odd = transpose(
            k,
            values((pair) => v.shr(pair, 16)),
          )
          for (let i = 0; i < 4; i++) {
            k.store(panels, v.add(panel.get(), v.i32(2 * i * width)), even[i] as Value)
            k.store(panels, v.add(panel.get(), v.i32((2 * i + 1) * width)), odd[i] as Value)
          }
          panel.set(v.add(panel.get(), v.i32(8 * width)))
        }
        for (const row of rows) row.set(v.add(row.get(), bytesPerBlock))
      })
    }
    return undefined
  })
}
