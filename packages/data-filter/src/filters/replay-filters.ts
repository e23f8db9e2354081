import type { Filter } from './filter.js'
import { firstBroken, type Statistics } from './rule.js'

/**
 * What filters would decide on a document whose statistics were kept (`applyFilters` with `all`), without its text: other
 * thresholds cost a look at numbers. The first rule that drops it; null where all keep it. Filters that were not measured keep it.
 * What changes a text (C4's rules of lines) is as it was when the statistics were made.
 */
export function replayFilters(
  filters: readonly Pick<Filter, 'name' | 'rules'>[],
  statistics: Readonly<Record<string, Statistics>>,
): { readonly filter: string; readonly reason: string } | null {
  for (const { name, rules } of filters) {
    const broken = firstBroken(rules, statistics[name] ?? {})
    if (broken) return { filter: name, reason: broken.reason }
  }
  return null
}
