import { FunctionCode, OP, type WasmFunction } from './wasm-assembler.js'

const SPACE = 32

/**
 * `wordStarts(text, length, starts)`: writes the place of each word of a text whose words have one space between them, u32, and
 * length + 1 behind them, so that every word ends one before the next place. Returns the number of words.
 * @param length at least 1
 */
export function wordStartsCode(): WasmFunction {
  const f = new FunctionCode(['i32', 'i32', 'i32'], 'i32')
  const [text, length, starts] = [0, 1, 2]
  const [at, next] = [f.local('i32'), f.local('i32')]
  f.get(starts).i32(0).memory(OP.i32Store)
  f.get(starts).i32(4).op(OP.i32Add).set(next)
  f.loopWhile(() => {
    f.get(text, at).op(OP.i32Add).memory(OP.i32Load8U)
    f.get(at).i32(1).op(OP.i32Add).set(at)
    f.i32(SPACE)
      .op(OP.i32Eq)
      .when(() => {
        f.get(next, at).memory(OP.i32Store)
        f.get(next).i32(4).op(OP.i32Add).set(next)
      })
    f.get(at, length).op(OP.i32LtU)
  })
  f.get(next, length).i32(1).op(OP.i32Add).memory(OP.i32Store)
  f.get(next, starts).op(OP.i32Sub).i32(2).op(OP.i32ShrU)
  return f.finish()
}
