import type { BlockFormat, BlockReader, BlockWgsl } from '../formats/define-format.js'
import type { WgslContext } from './wgsl-source.js'

export interface BlockDecoder {
  readonly declarations: string
  /** Values 4 i to 4 i + 3 of the block at byte `at`, a vec4<f32>; both are i32 expressions. */
  four(at: string, i: string): string
}

/**
 * WGSL functions that decode the blocks in a buffer, by what the format says of itself. Blocks need not begin at whole words:
 * a word of a block is put together from the two that hold it.
 */
export function blockDecoder<Buffers extends string>(
  format: BlockFormat & { readonly wgsl: BlockWgsl },
  buffer: Buffers,
  { word }: Pick<WgslContext<string, Buffers>, 'word'>,
): BlockDecoder {
  const names = { word: `${buffer}Word`, half: `${buffer}Half`, byte: `${buffer}Byte`, four: `${buffer}Four` }
  const read: BlockReader = {
    word: (byte) => `${names.word}(${byte})`,
    half: (byte) => `${names.half}(${byte})`,
    byte: (byte) => `${names.byte}(${byte})`,
  }
  const body = format.wgsl.decodeFour(read)
  const readers: Record<keyof BlockReader, string> = {
    // The left shift is done in two steps because one by 32 would be one by 0.
    word: `fn ${names.word}(at: i32) -> u32 {
  let shift = u32(at & 3) * 8u;
  return (${word(buffer, '(at >> 2u)')} >> shift) | ((${word(buffer, '((at >> 2u) + 1)')} << (31u - shift)) << 1u);
}
`,
    half: `fn ${names.half}(at: i32) -> u32 {
  return (${word(buffer, '(at >> 2u)')} >> (u32(at & 2) * 8u)) & 0xffffu;
}
`,
    byte: `fn ${names.byte}(at: i32) -> u32 {
  return (${word(buffer, '(at >> 2u)')} >> (u32(at & 3) * 8u)) & 0xffu;
}
`,
  }
  const used = (['word', 'half', 'byte'] as const).filter((name) => body.includes(`${names[name]}(`))
  return {
    declarations: `${used.map((name) => readers[name]).join('')}fn ${names.four}(at: i32, i: i32) -> vec4<f32> {
  ${body}
}
`,
    four: (at, i) => `${names.four}(${at}, ${i})`,
  }
}
