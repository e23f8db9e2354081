export type Row = Readonly<Record<string, string | number>>

/** Rows as lines of aligned text; a column for every name that any row has, numbers to the right. */
export function textTable(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = [names, ...rows.map((row) => names.map((name) => `${row[name] ?? ''}`))]
  const widths = names.map((_, column) => Math.max(...cells.map((line) => (line[column] as string).length)))
  const numeric = names.map((name) => rows.every((row) => typeof (row[name] ?? 0) === 'number'))
  return cells
    .map((line) =>
      line
        .map((cell, i) => (numeric[i] ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
