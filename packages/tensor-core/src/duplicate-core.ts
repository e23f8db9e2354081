import { DuplicateCoreError } from './errors.js'

const MARK = Symbol.for('@almanac/tensor-core')

/**
 * Registers this copy of the library; a second one in the process throws, because tensors of one would not be tensors of
 * the other. Called when the first tensor of a copy is made.
 */
export function claimProcess(url: string = import.meta.url): void {
  const scope = globalThis as { [MARK]?: string }
  const known = scope[MARK]
  if (known !== undefined && known !== url) {
    throw new DuplicateCoreError(
      `@almanac/tensor-core: expected one copy in the process, got two: ${known} and ${url}. Make it a peer dependency and deduplicate.`,
    )
  }
  scope[MARK] = url
}
