import type { KernelCode, KernelFunction, Local, Statement, Value } from './value.js'

const INFIX: Readonly<Record<string, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  rem: '%',
  and: '&',
  or: '|',
  xor: '^',
  shl: '<<',
  shr: '>>',
  lt: '<',
  le: '<=',
  eq: '==',
  ne: '!=',
  gt: '>',
  ge: '>=',
}

/** A kernel as readable text, for debugging and snapshots. It is no input to anything. */
export function printKernel(code: KernelCode): string {
  const buffers = code.buffers.map((b) => `${b.access} ${b.name}: ${b.dtype}[]`)
  const lines = [`kernel ${code.name}(${[...buffers, ...code.params].join(', ')}) {`]
  for (const func of code.functions) lines.push(...indent(printFunction(func, code)))
  lines.push(...indent(printStatements(code.body, code)), '}')
  return `${lines.join('\n')}\n`
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`)
const typed = ({ type, lanes }: { type: string; lanes: number }): string => (lanes === 1 ? type : `${type}x${lanes}`)
const declared = (local: Local): string => `${local.name}: ${typed(local)}`

function printFunction(func: KernelFunction, code: KernelCode): string[] {
  const head = `${func.form === 'inline' ? 'inline ' : ''}function ${func.name}(${func.params.map(declared).join(', ')})`
  const result = func.result ? [`return ${printValue(func.result, code)}`] : []
  return [
    `${head}${func.result ? `: ${typed(func.result)}` : ''} {`,
    ...indent([...printStatements(func.body, code), ...result]),
    '}',
  ]
}

function printStatements(statements: readonly Statement[], code: KernelCode): string[] {
  return statements.flatMap((statement) => printStatement(statement, code))
}

function printStatement(statement: Statement, code: KernelCode): string[] {
  const value = (v: Value): string => printValue(v, code)
  const body = (statements: readonly Statement[]): string[] => indent(printStatements(statements, code))
  switch (statement.kind) {
    case 'set':
      return [`${declared(statement.local)} = ${value(statement.value)}`]
    case 'store':
      return [
        `${place(statement.buffer.name, statement.index, statement.value.lanes, code)} = ${value(statement.value)}`,
      ]
    case 'call':
      return [`${statement.func.name}(${statement.args.map(value).join(', ')})`]
    case 'for': {
      const { local, start, end, step } = statement
      const by = step.kind === 'const' && step.value === 1 ? '' : ` step ${value(step)}`
      return [`for ${local.name} in ${value(start)} .. ${value(end)}${by} {`, ...body(statement.body), '}']
    }
    case 'while':
      return [`while ${value(statement.condition)} {`, ...body(statement.body), '}']
    case 'if':
      return [
        `if ${value(statement.condition)} {`,
        ...body(statement.then),
        ...(statement.otherwise.length ? ['} else {', ...body(statement.otherwise)] : []),
        '}',
      ]
    case 'parallel': {
      const { begin, end, count, grain } = statement
      const by = grain === 1 ? '' : ` grain ${grain}`
      return [`parallel ${begin.name} .. ${end.name} of ${value(count)}${by} {`, ...body(statement.body), '}']
    }
  }
}

function place(buffer: string, index: Value, lanes: number, code: KernelCode): string {
  return `${buffer}[${printValue(index, code)}${lanes === 1 ? '' : ` : ${lanes}`}]`
}

/** One value as text; parameters go by the kernel's names. */
export function printValue(v: Value, code: KernelCode): string {
  const print = (value: Value): string => printValue(value, code)
  switch (v.kind) {
    case 'const':
      return v.type === 'bool' ? String(v.value !== 0) : `${Object.is(v.value, -0) ? '-0' : v.value}${suffix(v.type)}`
    case 'local':
      return v.local.name
    case 'param':
      return code.params[v.index] ?? `param${v.index}`
    case 'worker':
      return 'worker'
    case 'unary':
      return `${v.op}(${print(v.a)})`
    case 'binary':
    case 'compare': {
      const operator = INFIX[v.op]
      return operator ? `(${print(v.a)} ${operator} ${print(v.b)})` : `${v.op}(${print(v.a)}, ${print(v.b)})`
    }
    case 'select':
      return `(${print(v.condition)} ? ${print(v.a)} : ${print(v.b)})`
    case 'fma':
      return `fma(${print(v.a)}, ${print(v.b)}, ${print(v.c)})`
    case 'convert':
      return `${v.type}(${print(v.a)})`
    case 'bitcast':
      return `bitcast<${v.type}>(${print(v.a)})`
    case 'splat':
      return `splat${v.lanes}(${print(v.a)})`
    case 'extract':
      return `${print(v.a)}.${v.lane}`
    case 'reduceLanes':
      return `reduce_${v.op}(${print(v.a)})`
    case 'shuffle':
      return `shuffle(${print(v.a)}, ${print(v.b)}, [${v.order.join(', ')}])`
    case 'dotPacked':
      return `dot(${print(v.a)}, ${print(v.b)})`
    case 'loadWidened':
      return `widened ${place(v.buffer.name, v.index, 2 * v.lanes, code)}`
    case 'loadPacked':
      return `packed ${place(v.buffer.name, v.index, v.lanes, code)}`
    case 'call':
      return `${v.func.name}(${v.args.map(print).join(', ')})`
    case 'load':
      return place(v.buffer.name, v.index, v.lanes, code)
  }
}

const suffix = (type: string): string => (type === 'f32' ? 'f' : type === 'u32' ? 'u' : '')
