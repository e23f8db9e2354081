/**
 * A shader with subgroup matrices as one without: every invocation holds whole matrices as arrays, rows one after another, and
 * does by itself what its subgroup does together. Slow, and the same sums.
 */
export function emulateMatrices(code: string): string {
  if (!code.includes('enable chromium_experimental_subgroup_matrix;')) return code
  const functions = new Map<string, string>()
  const sizes = (kind: string): [columns: number, rows: number] => {
    const found = new RegExp(`subgroup_matrix_${kind}<f\\d+, (\\d+), (\\d+)>`).exec(code)
    return [Number(found?.[1]), Number(found?.[2])]
  }
  const [n, m] = sizes('result')
  const [k] = sizes('left')
  const at = (major: string): string => (major === 'row_major' ? 'r * stride + c' : 'c * stride + r')
  let text = code
    .replace(/^(enable chromium_experimental_subgroup_matrix|diagnostic\(.*\));\n/gm, '')
    .replace(
      /subgroupMatrixLoad<subgroup_matrix_(left|right)<f\d+, (\d+), (\d+)>, (\w+)>\(&(\w+),/g,
      (_, kind, columns, rows, major, tile) => {
        const name = `load_${kind}_${tile}`
        functions.set(
          name,
          `fn ${name}(offset: u32, stride: u32) -> array<f32, ${columns * rows}> {
  var x: array<f32, ${columns * rows}>;
  for (var r = 0u; r < ${rows}u; r++) { for (var c = 0u; c < ${columns}u; c++) { x[r * ${columns}u + c] = f32(${tile}[offset + ${at(major)}]); } }
  return x;
}\n`,
        )
        return `${name}(`
      },
    )
    .replace(/subgroupMatrixStore<(\w+)>\(&(\w+),/g, (_, major, target) => {
      const name = `store_${target}`
      functions.set(
        name,
        `fn ${name}(offset: u32, x: array<f32, ${m * n}>, stride: u32) {
  var y = x;
  for (var r = 0u; r < ${m}u; r++) { for (var c = 0u; c < ${n}u; c++) { ${target}[offset + ${at(major)}] = y[r * ${n}u + c]; } }
}\n`,
      )
      return `${name}(`
    })
    .replace(/subgroupMatrixMultiplyAccumulate\(/g, 'multiply_add(')
    .replace(/subgroup_matrix_result<f32, \d+, \d+>/g, `array<f32, ${m * n}>`)
  functions.set(
    'multiply_add',
    `fn multiply_add(left: array<f32, ${m * k}>, right: array<f32, ${k * n}>, sum: array<f32, ${m * n}>) -> array<f32, ${m * n}> {
  var a = left;
  var b = right;
  var y = sum;
  for (var r = 0u; r < ${m}u; r++) { for (var c = 0u; c < ${n}u; c++) { for (var d = 0u; d < ${k}u; d++) {
    y[r * ${n}u + c] += a[r * ${k}u + d] * b[d * ${n}u + c];
  } } }
  return y;
}\n`,
  )
  text += [...functions.values()].join('')
  return text
}
