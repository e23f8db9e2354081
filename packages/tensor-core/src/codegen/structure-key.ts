import { computeTypeOf, dtypeName } from '../dtype.js'
import type { Expression } from '../schedule/program.js'

const identities = new WeakMap<object, number>()
let nextIdentity = 0

/** A number for an object: two ops of one name but different code must not share a kernel. */
export function identityOf(object: object): number {
  let id = identities.get(object)
  if (id === undefined) {
    id = nextIdentity++
    identities.set(object, id)
  }
  return id
}

/** JSON that also tells NaN, the infinities and -0 apart. */
export function attributesKey(attributes: unknown): string {
  return (
    JSON.stringify(attributes, (_, value: unknown) =>
      typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
        ? `#${Object.is(value, -0) ? '-0' : value}`
        : value,
    ) ?? ''
  )
}

/**
 * What of some expressions changes the code: ops, sharing, dtypes, and the place of every index axis (-1: its extent is 1).
 * Constants count by type alone, as their values are parameters; truth values are part of the code.
 */
export function expressionsKey(roots: readonly Expression[], place: (axis: number) => number): string {
  const numbers = new Map<Expression, number>()
  const parts: string[] = []
  const visit = (node: Expression): number => {
    const known = numbers.get(node)
    if (known !== undefined) return known
    let text: string
    if (node.kind === 'input') text = `i${node.index}`
    else if (node.kind === 'constant') {
      const type = computeTypeOf(node.dtype)
      text = type === 'bool' ? `c${node.value ? 1 : 0}` : `c:${type}`
    } else if (node.kind === 'index') text = `x${place(node.axis)}:${dtypeName(node.dtype)}`
    else {
      const args = node.args.map(visit)
      const { name } = node.record
      text = `${name}#${identityOf(node.record)}(${args})${attributesKey(node.attributes)}:${dtypeName(node.dtype)}`
    }
    const number = parts.push(text) - 1
    numbers.set(node, number)
    return number
  }
  const ends = roots.map(visit)
  return `${parts.join(';')}>${ends}`
}
