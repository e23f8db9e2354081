import type { Document } from '@almanac/data-filter'

/**
 * The documents of an arm that are in subset `subset` of `subsets`, from 0 on. Raw documents are dealt out once, so that an arm's
 * subset is what the arm has left of the raw one.
 */
export function subsetOf(
  raw: readonly Document[],
  arm: readonly Document[],
  subset: number,
  subsets: number,
): Document[] {
  const place = new Map(raw.map(({ id }, i) => [id, i]))
  return arm.filter(({ id }) => (place.get(id) as number) % subsets === subset)
}
