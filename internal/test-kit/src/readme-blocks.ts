import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ReadmeBlock {
  /** Line of the README on which the code begins, from 1. */
  readonly line: number
  readonly code: string
}

/** Every block fenced with exactly ```ts; any other word after the fence means that it is not run. */
export const readmeBlocks = (markdown: string): ReadmeBlock[] => {
  const blocks: ReadmeBlock[] = []
  let open: { line: number; lines: string[]; run: boolean } | undefined
  for (const [i, line] of markdown.split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === undefined) open = { line: i + 2, lines: [], run: fence[1]?.trim() === 'ts' }
    else {
      if (open.run) blocks.push({ line: open.line, code: `${open.lines.join('\n')}\n` })
      open = undefined
    }
  }
  return blocks
}

/**
 * Runs one block as a module of its own, inside the package, so that it imports what a reader of the README imports.
 * Line numbers in its errors are those of the README.
 */
export const runReadmeBlock = async (packageFolder: string, { line, code }: ReadmeBlock): Promise<void> => {
  const folder = join(packageFolder, '.readme-tests')
  const file = join(folder, `line-${line}-${process.pid}.ts`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${'\n'.repeat(line - 1)}${code}export {}\n`)
  try {
    await import(/* @vite-ignore */ file)
  } finally {
    rmSync(file, { force: true })
  }
}

export const readReadmeBlocks = (packageFolder: string): ReadmeBlock[] =>
  readmeBlocks(readFileSync(join(packageFolder, 'README.md'), 'utf8'))
