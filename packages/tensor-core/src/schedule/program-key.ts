import { dtypeName } from '../dtype.js'
import type { Expression, Launch, Operand, OpLaunch, ReduceLaunch, Slot } from './program.js'

const ids = new WeakMap<object, number>()
let nextId = 1

/** A number for an object by identity: two definitions of one name are two kernels. */
function identity(object: object): number {
  const known = ids.get(object)
  if (known !== undefined) return known
  ids.set(object, nextId)
  return nextId++
}

function attributesKey(attributes: unknown): string {
  return (
    JSON.stringify(attributes, (_, value: unknown) => {
      if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
        return `#${Object.is(value, -0) ? '-0' : value}`
      return value
    }) ?? ''
  )
}

function operandKey({ slot, dtype, view }: Operand): string {
  return `${slot}:${dtypeName(dtype)}(${view.shape}|${view.strides}|${view.offset})`
}

function expressionKey(expression: Expression, seen: Map<Expression, number>): string {
  const known = seen.get(expression)
  if (known !== undefined) return `@${known}`
  seen.set(expression, seen.size)
  switch (expression.kind) {
    case 'input':
      return `i${expression.index}`
    case 'constant':
      return `c${Object.is(expression.value, -0) ? '-0' : expression.value}${dtypeName(expression.dtype)}`
    case 'index':
      return `x${expression.axis}${dtypeName(expression.dtype)}`
    case 'apply': {
      const { record, attributes, args, dtype } = expression
      return `${record.name}#${identity(record)}<${attributesKey(attributes)}>${dtypeName(dtype)}(${args.map((a) => expressionKey(a, seen))})`
    }
  }
}

function launchKey(launch: Launch): string {
  const operands = `${launch.inputs.map(operandKey)}>${(launch.kind === 'reduce' ? [launch.output] : launch.outputs).map(operandKey)}`
  switch (launch.kind) {
    case 'map': {
      const seen = new Map<Expression, number>()
      return `map[${launch.shape}]${launch.expressions.map((e) => expressionKey(e, seen))}${operands}`
    }
    case 'reduce':
      return `reduce[${launch.shape}]${launch.reduced}${launch.combine}${expressionKey(launch.expression, new Map())}${epilogueKey(launch)}${operands}`
    case 'op':
      return `op#${identity(launch.record)}<${attributesKey(launch.attributes)}>${epilogueKey(launch)}${operands}`
    case 'fused':
      return `fused#${identity(launch.definition)}<${attributesKey(launch.attributes)}>${operands}`
  }
}

function epilogueKey({ epilogue }: ReduceLaunch | OpLaunch): string {
  return epilogue ? `+${epilogue.from}:${expressionKey(epilogue.expression, new Map())}` : ''
}

/** A text that is equal for programs that are equal up to the buffers bound to them. */
export function programKey(slots: readonly Slot[], launches: readonly Launch[]): string {
  return `${slots.map((s) => `${dtypeName(s.dtype)}${s.size}${s.role[0]}`)};${launches.map(launchKey).join(';')}`
}
