import { PROFILES, type ProfileName } from '@almanac/data-filter'
import { type FunctionalComponent, h } from 'vue'
import type { Decision } from './decide.js'
import { PROFILE_NAMES } from './profile-filters.js'
import { ruleWords } from './verdict-words.js'

interface ProfileCardsProps {
  readonly chosen: ProfileName
  readonly decisions: Readonly<Record<ProfileName, Decision>> | null
  /** The chosen profile's thresholds were moved. */
  readonly moved: boolean
  readonly onChoose: (name: ProfileName) => void
}

/** What each profile decides, side by side; one of them is the one whose rules are shown. */
export const ProfileCards: FunctionalComponent<ProfileCardsProps> = ({ chosen, decisions, moved, onChoose }) =>
  h('fieldset', { class: 'profiles' }, [
    h('legend', 'Profile'),
    ...PROFILE_NAMES.map((name) => {
      const decision = decisions?.[name]
      return h('label', { key: name }, [
        h('input', {
          type: 'radio',
          name: 'filter-page-profile',
          'aria-label': `${name}: ${outcome(decision).replace(/^[✓✗] /, '')}`,
          'aria-describedby': `filter-page-about-${name}`,
          checked: name === chosen,
          onChange: () => onChoose(name),
        }),
        h('span', { class: 'card' }, [
          h('span', { class: 'profile' }, [name, name === chosen && moved ? h('small', ' with your thresholds') : '']),
          h('span', { class: ['outcome', outcomeClass(decision)] }, outcome(decision)),
          h('span', { class: 'by' }, decision?.dropped ? ruleWords(decision.dropped) : ''),
          h('small', { id: `filter-page-about-${name}` }, PROFILES[name].about),
        ]),
      ])
    }),
  ])
ProfileCards.props = ['chosen', 'decisions', 'moved', 'onChoose']

const outcome = (decision: Decision | undefined): string =>
  decision === undefined ? 'no verdict' : decision.dropped === null ? '✓ keeps it' : '✗ drops it'
const outcomeClass = (decision: Decision | undefined): string =>
  decision === undefined ? 'none' : decision.dropped === null ? 'keeps' : 'drops'
