import { breaksRule, type Statistics } from '@almanac/data-filter'
import { type FunctionalComponent, h } from 'vue'
import { type Decision, type RuleSet, ruleKey } from './decide.js'
import { FILTER_NOTES, filterTitle } from './rule-notes.js'
import { RuleRow } from './rule-row.js'

interface RulesListProps {
  /** With the thresholds as they are now. */
  readonly filters: readonly RuleSet[]
  /** The profile's own. */
  readonly published: readonly RuleSet[]
  readonly statistics: Readonly<Record<string, Statistics>> | null
  readonly decision: Decision | null
  readonly onMove: (key: string, than: number) => void
}

/** Every rule of every filter, in the order in which they decide. */
export const RulesList: FunctionalComponent<RulesListProps> = ({ filters, published, statistics, decision, onMove }) =>
  h(
    'ol',
    { class: 'filters' },
    filters.map(({ name, rules }, i) => {
      const own = statistics?.[name] ?? null
      const breaking = own ? rules.filter((rule) => breaksRule(rule, own)).length : 0
      const note = FILTER_NOTES[name]
      const heading = `filter-page-filter-${name}`
      return h('li', { key: name }, [
        h('section', { 'aria-labelledby': heading }, [
          h('h3', { id: heading }, filterTitle(name)),
          h('p', { class: 'about' }, [
            note
              ? [h('a', { href: note.link, target: '_blank', rel: 'noreferrer' }, note.paper), `. ${note.about} `]
              : '',
            own
              ? h(
                  'strong',
                  breaking === 0 ? `All ${rules.length} rules pass.` : `${breaking} of ${rules.length} rules drop it.`,
                )
              : '',
          ]),
          h(
            'ul',
            { class: 'rules' },
            rules.map((rule, k) => {
              const { dropped } = decision ?? {}
              return h(RuleRow, {
                key: rule.reason,
                rule,
                published: published[i]?.rules[k]?.than ?? rule.than,
                statistics: own,
                first: dropped?.filter === name && dropped.reason === rule.reason,
                onMove: (than: number) => onMove(ruleKey({ filter: name, reason: rule.reason }), than),
              })
            }),
          ),
        ]),
      ])
    }),
  )
RulesList.props = ['filters', 'published', 'statistics', 'decision', 'onMove']
