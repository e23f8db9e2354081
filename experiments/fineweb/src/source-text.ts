import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A long text, such as a speech: it is cut into documents, and held out as a whole or not at all. */
export interface SourceText {
  readonly name: string
  readonly text: string
}

/** Texts that training never sees: every so many-th. */
const HELD_OUT_EVERY = 8

/** The .txt files of a folder, in the order of their names. Throws RangeError where there are fewer than two. */
export function folderTexts(folder: string): SourceText[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    throw new RangeError(
      `fineweb: expected a folder for --text, got ${folder} (${(error as { code?: string }).code}). Check the path.`,
    )
  }
  const texts = names.filter((name) => name.endsWith('.txt')).sort()
  if (texts.length < 2) {
    throw new RangeError(
      `fineweb: expected two .txt files or more in ${folder}, got ${texts.length}. One text in eight is held out as a whole.`,
    )
  }
  return texts.map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))
}

/** Which texts are trained on, and which are held out. */
export function splitTexts(texts: readonly SourceText[]): { train: SourceText[]; heldOut: SourceText[] } {
  const out = (i: number) => i % HELD_OUT_EVERY === Math.min(HELD_OUT_EVERY, texts.length) - 1
  return { train: texts.filter((_, i) => !out(i)), heldOut: texts.filter((_, i) => out(i)) }
}
