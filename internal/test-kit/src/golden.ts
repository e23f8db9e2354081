import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Reads a golden JSON, which lies beside the script that made it.
 *
 * @param from  the test's `import.meta.url`
 * @param path  relative to the test, for example `../goldens/ops.json`
 * @throws Error naming the file when it is missing or is not JSON
 */
export function loadGolden<T>(from: string, path: string): T {
  const file = fileURLToPath(new URL(path, from))
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw new Error(`loadGolden: expected ${file}, got no such file. Run the script of the same name beside it.`)
  }
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new Error(`loadGolden: expected JSON in ${file}, got ${String(error)}. Run its script again.`)
  }
}
