/**
 * A shader with subgroup matrices as one without. Operands stay where they are loaded from, in workgroup memory; of a result
 * each invocation holds every element whose number, row after row, is its lane's modulo the subgroup's size. Slow, and the
 * same sums.
 */
export function emulateMatrices(subgroupSize: number): (code: string) => string {
  return (code) => {
    if (!code.includes('enable chromium_experimental_subgroup_matrix;')) return code
    const functions = new Map<string, string>()
    const find = (pattern: RegExp): number[] => (pattern.exec(code) ?? []).slice(1).map(Number)
    const [n = 0, m = 0] = find(/subgroup_matrix_result<f32, (\d+), (\d+)>/)
    const [k = 0] = find(/subgroup_matrix_left<f\d+, (\d+), \d+>/)
    const held = (m * n) / subgroupSize
    const eachHeld = (statement: string): string =>
      `for (var i = 0u; i < ${held}u; i++) { let e = own_lane + i * ${subgroupSize}u; let r = e / ${n}u; let c = e % ${n}u; ${statement} }`
    const at = (major: string, row: string, column: string): string =>
      major === 'row_major' ? `${row} * place.y + ${column}` : `${column} * place.y + ${row}`
    const text = code
      .replace(/^(enable chromium_experimental_subgroup_matrix|diagnostic\(.*\));\n/gm, '')
      .replace(/let lid = i32\(local\);/, '$&\n  own_lane = lane;')
      .replace(
        /subgroupMatrixLoad<subgroup_matrix_(left|right)<f\d+, \d+, \d+>, (\w+)>\(&(\w+),/g,
        (_, kind, major, tile) => {
          functions.set(
            kind,
            `fn ${kind}_at(place: vec2<u32>, r: u32, c: u32) -> f32 { return f32(${tile}[place.x + ${at(major, 'r', 'c')}]); }\n`,
          )
          return 'vec2<u32>('
        },
      )
      .replace(/subgroupMatrixStore<(\w+)>\(&(\w+),/g, (_, major, target) => {
        functions.set(
          'store',
          `fn store_result(offset: u32, x: array<f32, ${held}>, stride: u32) {
  let place = vec2<u32>(offset, stride);
  var y = x;
  ${eachHeld(`${target}[place.x + ${at(major, 'r', 'c')}] = y[i];`)}
}\n`,
        )
        return 'store_result('
      })
      .replace(/subgroupMatrixMultiplyAccumulate\(/g, 'multiply_add(')
      .replace(/subgroup_matrix_result<f32, \d+, \d+>/g, `array<f32, ${held}>`)
    return `${text}var<private> own_lane: u32;
${[...functions.values()].join('')}fn multiply_add(left: vec2<u32>, right: vec2<u32>, sum: array<f32, ${held}>) -> array<f32, ${held}> {
  var y = sum;
  ${eachHeld(`for (var d = 0u; d < ${k}u; d++) { y[i] += left_at(left, r, d) * right_at(right, d, c); }`)}
  return y;
}
`
  }
}
