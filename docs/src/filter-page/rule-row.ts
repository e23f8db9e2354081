import { breaksRule, type Rule, type Statistics } from '@almanac/data-filter'
import { type FunctionalComponent, h } from 'vue'
import { ruleNote } from './rule-notes.js'
import { formatStatistic, placeOn, ruleScale } from './rule-scale.js'

const DROPS = { '<': 'drops below', '<=': 'drops up to', '>': 'drops above', '>=': 'drops from' } as const

interface RuleRowProps {
  /** With the threshold as it is now. */
  readonly rule: Rule
  /** The profile's own threshold. */
  readonly published: number
  readonly statistics: Statistics | null
  /** It is the rule that drops the document. */
  readonly first: boolean
  readonly onMove: (than: number) => void
}

/** One rule: what it looks at, where the document stands, and the threshold, which can be moved. */
export const RuleRow: FunctionalComponent<RuleRowProps> = ({ rule, published, statistics, first, onMove }) => {
  const note = ruleNote(rule)
  const value = statistics?.[rule.statistic]
  const drops = statistics !== null && breaksRule(rule, statistics)
  const found = value === undefined ? '–' : formatStatistic(value)
  const state = value === undefined ? 'not measured' : drops ? (first ? '✗ drops it first' : '✗ drops it') : '✓ passes'
  return h('li', { class: ['rule', { drops, first, moved: rule.than !== published }], 'data-rule': rule.reason }, [
    h('div', { class: 'what' }, [h('strong', note.name), note.about ? h('span', note.about) : '']),
    h('div', { class: 'found' }, [h('b', note.fixed ? presence(rule, value) : found), h('span', state)]),
    note.fixed
      ? h('div', { class: 'fixed' }, rule.drops === '<' ? 'drops if there is none' : 'drops if there is one')
      : [
          scale({ rule, published, value, name: note.name, found, onMove }),
          threshold({ rule, name: note.name, onMove }),
        ],
  ])
}
RuleRow.props = ['rule', 'published', 'statistics', 'first', 'onMove']

const presence = ({ drops }: Rule, value: number | undefined): string =>
  value === undefined ? '–' : drops === '<' ? formatStatistic(value) : value > 0 ? 'found' : 'none'

interface ScaleParts {
  readonly rule: Rule
  readonly published: number
  readonly value: number | undefined
  readonly name: string
  readonly found: string
  readonly onMove: (than: number) => void
}

/** The side that drops is tinted, the document is a mark, and the threshold between the sides is the slider's thumb. */
function scale({ rule, published, value, name, found, onMove }: ScaleParts) {
  const own = ruleScale({ ...rule, than: published }, ruleNote(rule))
  const place = (at: number) => `${(100 * placeOn(own, at)).toFixed(2)}`
  const beyond = value !== undefined && value > own.most
  return h(
    'div',
    {
      class: ['scale', rule.drops.startsWith('<') ? 'drops-below' : 'drops-above'],
      style: { '--than': place(rule.than), '--value': place(value ?? 0), '--published': place(published) },
    },
    [
      h('span', { class: 'published', title: `published: ${formatStatistic(published)}` }),
      value === undefined ? '' : h('span', { class: ['value', { beyond }], title: `this text: ${found}` }),
      h('input', {
        type: 'range',
        min: 0,
        max: own.most,
        step: own.step,
        value: rule.than,
        'aria-label': `Threshold of ${name}`,
        'aria-valuetext': `${DROPS[rule.drops]} ${formatStatistic(rule.than)}; this text has ${found}`,
        onInput: ({ target }: Event) => onMove((target as HTMLInputElement).valueAsNumber),
      }),
    ],
  )
}

const threshold = ({ rule, name, onMove }: Pick<ScaleParts, 'rule' | 'name' | 'onMove'>) =>
  h('label', { class: 'than' }, [
    h('span', DROPS[rule.drops]),
    h('input', {
      type: 'number',
      min: 0,
      step: 'any',
      required: true,
      value: rule.than,
      'aria-label': `${name}, ${DROPS[rule.drops]}`,
      onInput: ({ target }: Event) => {
        const { valueAsNumber, validity } = target as HTMLInputElement
        if (validity.valid) onMove(valueAsNumber)
      },
    }),
  ])
