import type { BenchResult, ResultRow } from './newest-results.js'
import { barPlot, linePlot } from './plot.js'

const numberOf = (row: ResultRow | undefined, name: string): number | undefined => {
  const value = row?.[name]
  return typeof value === 'number' ? value : undefined
}

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)]

/** Products: a line a system over the sizes. */
function products(table: string, rows: readonly ResultRow[], figure: string, unit: string): string {
  const sizes = distinct(rows.map((row) => row['size'] as number)).sort((a, b) => a - b)
  const systems = distinct(rows.map((row) => row['system'] as string))
  const series = systems.map((name) => ({
    name,
    values: sizes.map((size) =>
      numberOf(
        rows.find((row) => row['system'] === name && row['size'] === size),
        figure,
      ),
    ),
  }))
  return linePlot(table, unit, sizes.map(String), series)
}

/** Training: a bar a system. */
function train(table: string, rows: readonly ResultRow[]): string {
  const bars = rows.map((row) => ({ name: row['system'] as string, value: row['tokensPerSecond'] as number }))
  return barPlot(table, 'tokens/s', bars)
}

/** The step over T: what a token costs in attention and elsewhere. */
function scaling(table: string, rows: readonly ResultRow[]): string {
  const values = (name: string) => rows.map((row) => numberOf(row, name))
  return linePlot(
    table,
    'µs a token',
    rows.map((row) => `T = ${row['T']}`),
    [
      { name: 'attention', values: values('attentionAToken') },
      { name: 'everything else', values: values('restAToken') },
    ],
  )
}

/** A plot of a table, where it says more than the numbers; else nothing. */
export function plotOf({ name }: Pick<BenchResult, 'name'>, table: string, rows: readonly ResultRow[]): string {
  const has = (field: string) => rows.every((row) => row[field] !== undefined)
  if (name === 'gemm' && has('gflops') && has('system')) return products(table, rows, 'gflops', 'GFLOP/s')
  if (name === 'webgpu' && has('tflops') && has('system')) return products(table, rows, 'tflops', 'TFLOP/s')
  if (['train', 'webgpu'].includes(name) && has('tokensPerSecond')) return train(table, rows)
  if (name === 'scaling' && has('T')) return scaling(table, rows)
  return ''
}
