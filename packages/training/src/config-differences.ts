import type { JsonValue } from './json-value.js'

const isRecord = (value: JsonValue | undefined): value is { readonly [name: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Where two configurations differ, as `path: saved -> wanted`. */
export function configDifferences(saved: JsonValue | undefined, wanted: JsonValue | undefined, path = ''): string[] {
  if (isRecord(saved) && isRecord(wanted)) {
    const names = new Set([...Object.keys(saved), ...Object.keys(wanted)])
    return [...names].flatMap((name) => configDifferences(saved[name], wanted[name], path ? `${path}.${name}` : name))
  }
  const [before, after] = [JSON.stringify(saved), JSON.stringify(wanted)]
  return before === after ? [] : [`${path || 'config'}: ${before ?? 'nothing'} -> ${after ?? 'nothing'}`]
}
