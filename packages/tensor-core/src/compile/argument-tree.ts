import { dtypeName } from '../dtype.js'
import { TraceError } from '../errors.js'
import { Tensor } from '../graph/tensor.js'
import { formatShape } from '../shape.js'
import { State } from '../state/state.js'

/** Where arguments differ between calls: `arguments[0].x` -> what the key says of it. */
export type KeyParts = ReadonlyMap<string, string>

const identities = new WeakMap<object, number>()
let nextIdentity = 1

function identityOf(object: object): number {
  const known = identities.get(object)
  if (known !== undefined) return known
  identities.set(object, nextIdentity)
  return nextIdentity++
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as unknown
  return prototype === Object.prototype || prototype === null
}

/** Visits a tree of arrays and plain objects; everything else is a leaf. */
function visit(value: unknown, path: string, leaf: (value: unknown, path: string) => void): void {
  if (Array.isArray(value)) value.forEach((item, i) => visit(item, `${path}[${i}]`, leaf))
  else if (typeof value === 'object' && value !== null && isPlain(value)) {
    for (const [name, item] of Object.entries(value)) visit(item, `${path}.${name}`, leaf)
  } else leaf(value, path)
}

/** The tensors of an argument tree in order, and the parts of its key: shapes, dtypes, devices, scalars by value. */
export function describeArguments(args: readonly unknown[]): { tensors: Tensor[]; parts: KeyParts } {
  const tensors: Tensor[] = []
  const parts = new Map<string, string>()
  visit(args, 'arguments', (value, path) => {
    if (value instanceof Tensor) {
      tensors.push(value)
      parts.set(path, `tensor ${formatShape(value.shape)} ${dtypeName(value.dtype)} ${value.device?.name ?? ''}`)
    } else if (typeof value === 'object' && value !== null) {
      parts.set(path, `${value instanceof State ? 'State' : value.constructor?.name} #${identityOf(value)}`)
    } else if (typeof value === 'function') parts.set(path, `function #${identityOf(value)}`)
    else parts.set(path, Object.is(value, -0) ? '-0' : `${typeof value} ${String(value)}`)
  })
  return { tensors, parts }
}

/** The same tree with every tensor replaced. */
export function mapTensors(value: unknown, replace: (tensor: Tensor) => Tensor): unknown {
  if (value instanceof Tensor) return replace(value)
  if (Array.isArray(value)) return value.map((item) => mapTensors(item, replace))
  if (typeof value === 'object' && value !== null && isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTensors(item, replace)]))
  }
  return value
}

/** The tensors of a result, in order. Promises are refused: a traced function is synchronous. */
export function resultTensors(where: string, result: unknown): Tensor[] {
  if (result instanceof Promise || typeof (result as { then?: unknown } | null)?.then === 'function') {
    result instanceof Promise && result.catch(() => undefined)
    throw new TraceError(
      where,
      'a synchronous function',
      'one that returned a promise',
      'Take await out of it; read values outside.',
    )
  }
  const tensors: Tensor[] = []
  visit(result, 'result', (value) => {
    if (value instanceof Tensor) tensors.push(value)
  })
  return tensors
}
