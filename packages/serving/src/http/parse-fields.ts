import type { z } from 'zod'
import { ApiError } from './api-error.js'
import { HARMLESS, UNSUPPORTED } from './sampling-fields.js'

/**
 * The fields of a body by a schema. Throws ApiError: 400 for a field that is missing, unknown or of another type, 422 for a
 * value out of range or a feature that is not there. The message names the field, what was expected and what came.
 */
export function parseFields<S extends z.ZodObject>(schema: S, body: Record<string, unknown>): z.infer<S> {
  for (const [field, value] of Object.entries(body)) {
    if (value === null || field in schema.shape || HARMLESS.has(field)) continue
    const isNeutral = Object.hasOwn(UNSUPPORTED, field) ? UNSUPPORTED[field] : undefined
    if (isNeutral?.(value)) continue
    if (isNeutral) {
      throw new ApiError(
        422,
        `${field}: expected no such field, got ${shown(value)}. It is not supported here; leave it out.`,
        {
          param: field,
          code: 'unsupported_parameter',
        },
      )
    }
    throw new ApiError(400, `${field.slice(0, 60)}: expected no such field, got ${shown(value)}. Check its spelling.`, {
      param: field.slice(0, 60),
      code: 'unknown_parameter',
    })
  }
  const result = schema.safeParse(body, { reportInput: true })
  if (result.success) return result.data as z.infer<S>
  throw issueError(result.error.issues[0] as z.core.$ZodIssue)
}

function issueError(issue: z.core.$ZodIssue): ApiError {
  // Of the members of a union, the one whose type fits tells most, or else the one that got furthest.
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.flat().filter((one) => one.path.length > 0 || one.code !== 'invalid_type')
    if (inner.length > 0) {
      const ranged = inner.find(({ code }) => code === 'too_small' || code === 'too_big')
      const deepest = ranged ?? inner.reduce((a, b) => (b.path.length > a.path.length ? b : a))
      return issueError({ ...deepest, path: [...issue.path, ...deepest.path] })
    }
    const kinds = issue.errors.flat().flatMap((one) => (one.code === 'invalid_type' ? [one.expected] : []))
    return fieldError(400, issue, [...new Set(kinds)].join(' or ') || 'another value')
  }
  if (issue.code === 'invalid_type')
    return fieldError(400, issue, issue.expected === 'int' ? 'whole number' : issue.expected)
  if (issue.code === 'invalid_value')
    return fieldError(400, issue, issue.values.map((one) => `"${String(one)}"`).join(' or '))
  if (issue.code === 'too_small')
    return fieldError(422, issue, limit(issue.origin, issue.inclusive ? 'least' : 'above', issue.minimum))
  if (issue.code === 'too_big')
    return fieldError(422, issue, limit(issue.origin, issue.inclusive ? 'most' : 'below', issue.maximum))
  return fieldError(422, issue, issue.message)
}

function limit(origin: string, side: 'least' | 'most' | 'above' | 'below', bound: number | bigint): string {
  const unit = origin === 'string' ? ' characters' : origin === 'array' ? ' items' : ''
  return `${side === 'least' || side === 'most' ? `at ${side}` : side} ${bound}${unit}`
}

function fieldError(status: 400 | 422, issue: z.core.$ZodIssue, expected: string): ApiError {
  const field = issue.path.map(String).join('.')
  return new ApiError(status, `${field}: expected ${expected}, got ${shown(issue.input)}.`, {
    param: field,
    code: status === 400 ? 'invalid_type' : 'invalid_value',
  })
}

const shown = (value: unknown): string =>
  value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 60) ?? 'nothing')
