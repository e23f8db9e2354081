/**
 * The first key that an object in a valid JSON text repeats, or undefined. `JSON.parse` keeps the last one silently,
 * so a file could show one tensor to a checker and another to a loader.
 *
 * @param text  valid JSON, as `JSON.parse` has accepted it
 */
export function findDuplicateKey(text: string): string | undefined {
  // One set of keys for each open object, undefined for an open array.
  const open: (Set<string> | undefined)[] = []
  let keyComes = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (character === '{') {
      open.push(new Set())
      keyComes = true
    } else if (character === '[') {
      open.push(undefined)
      keyComes = false
    } else if (character === '}' || character === ']') {
      open.pop()
      keyComes = false
    } else if (character === ',') {
      keyComes = open.at(-1) !== undefined
    } else if (character === '"') {
      const start = i
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++
      if (!keyComes) continue
      keyComes = false
      const key = JSON.parse(text.slice(start, i + 1)) as string
      const keys = open.at(-1)
      if (keys?.has(key)) return key
      keys?.add(key)
    }
  }
  return undefined
}
