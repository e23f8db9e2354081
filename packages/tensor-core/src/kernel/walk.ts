import type { Statement, Value } from './value.js'

/** The values that a value is made of. */
export function operandsOf(value: Value): readonly Value[] {
  switch (value.kind) {
    case 'unary':
    case 'convert':
    case 'bitcast':
    case 'splat':
    case 'extract':
    case 'reduceLanes':
      return [value.a]
    case 'binary':
    case 'compare':
    case 'shuffle':
    case 'dotPacked':
      return [value.a, value.b]
    case 'select':
      return [value.condition, value.a, value.b]
    case 'fma':
      return [value.a, value.b, value.c]
    case 'load':
    case 'loadPacked':
    case 'loadWidened':
      return [value.index]
    case 'call':
      return value.args
    case 'const':
    case 'local':
    case 'param':
    case 'worker':
      return []
  }
}

/** Calls back for every value, inner ones too, and every statement of a body. Does not enter called functions. */
export function walk(
  statements: readonly Statement[],
  onValue: (value: Value) => void,
  onStatement: (statement: Statement) => void = () => {},
): void {
  for (const statement of statements) {
    onStatement(statement)
    switch (statement.kind) {
      case 'set':
        walkValue(statement.value, onValue)
        break
      case 'store':
        walkValue(statement.index, onValue)
        walkValue(statement.value, onValue)
        break
      case 'call':
        for (const arg of statement.args) walkValue(arg, onValue)
        break
      case 'for':
        walkValue(statement.start, onValue)
        walkValue(statement.end, onValue)
        walkValue(statement.step, onValue)
        walk(statement.body, onValue, onStatement)
        break
      case 'while':
        walkValue(statement.condition, onValue)
        walk(statement.body, onValue, onStatement)
        break
      case 'if':
        walkValue(statement.condition, onValue)
        walk(statement.then, onValue, onStatement)
        walk(statement.otherwise, onValue, onStatement)
        break
      case 'parallel':
        walkValue(statement.count, onValue)
        walk(statement.body, onValue, onStatement)
        break
    }
  }
}

export function walkValue(value: Value, onValue: (value: Value) => void): void {
  onValue(value)
  for (const operand of operandsOf(value)) walkValue(operand, onValue)
}
