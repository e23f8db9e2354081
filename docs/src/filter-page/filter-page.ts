import { PROFILES, type ProfileName } from '@almanac/data-filter'
import type { ExtractorName } from '@almanac/data-filter/html'
import { computed, defineComponent, h, onBeforeUnmount, onMounted, ref, shallowRef } from 'vue'
import { afterPause } from './after-pause.js'
import { decide, type Thresholds, withThresholds } from './decide.js'
import { ExtractedText } from './extracted-text.js'
import { NearDuplicates } from './near-duplicates.js'
import { PAGE_EXAMPLES } from './page-examples.js'
import { exampleBar, PageInput } from './page-input.js'
import { ProfileCards } from './profile-cards.js'
import { ofProfiles, PROFILE_NAMES, profileFilters, ruleSets } from './profile-filters.js'
import { RulesList } from './rules-list.js'
import { useJudgement } from './use-judgement.js'
import { othersWords, verdictWords } from './verdict-words.js'

/** Until a page is read; then the rules are those that it was measured with. */
const FIRST_RULES = ofProfiles((name) => ruleSets(profileFilters(name)))

/** Milliseconds, to the two digits that mean something. */
const milliseconds = (ms: number): string => (ms < 0.1 ? 'under 0.1 ms' : `${Number(ms.toPrecision(2))} ms`)

/** A page of the web, its text, and what the rules decide on it. Texts are read in a worker; decisions are made here, from numbers. */
export const FilterPage = defineComponent({
  name: 'FilterPage',
  setup() {
    const { state, outdate, read, close } = useJudgement()
    const html = ref(PAGE_EXAMPLES[0]?.html ?? '')
    const extractor = ref<ExtractorName>('readability')
    const profile = ref<ProfileName>('fineweb-2024-05')
    const thresholds = shallowRef<Thresholds>({})

    const published = computed(() => state.value.judgement?.filters ?? FIRST_RULES)
    const filters = computed(() => withThresholds(published.value[profile.value], thresholds.value))
    const decided = computed(() => {
      const { judgement } = state.value
      if (judgement === null) return null
      const began = performance.now()
      const decisions = ofProfiles((name) =>
        decide(name === profile.value ? filters.value : published.value[name], judgement.statistics[name]),
      )
      return { decisions, ms: performance.now() - began }
    })

    const readNow = () => read(html.value, extractor.value)
    const soon = afterPause(readNow)
    const choose = (text: string) => {
      html.value = text
      soon.cancel()
      readNow()
    }
    onMounted(readNow)
    onBeforeUnmount(() => {
      soon.cancel()
      close()
    })

    const verdict = () => {
      const decision = decided.value?.decisions[profile.value]
      const { phase, refusal } = state.value
      const kind = decision ? (decision.dropped ? 'drops' : 'keeps') : 'none'
      const words = refusal
        ? `${refusal.what} ${refusal.todo}`
        : decision
          ? verdictWords(decision, profile.value)
          : 'Reading the page ...'
      return h('div', { class: ['verdict', kind], 'aria-busy': phase === 'reading' }, [
        h('p', { role: 'status', 'aria-live': 'polite' }, words),
      ])
    }
    const others = () => {
      const all = decided.value?.decisions[profile.value].others ?? []
      return all.length === 0 ? '' : h('p', { class: 'note others' }, othersWords(all))
    }
    const moved = () => Object.keys(thresholds.value).length
    const replayNote = () => {
      const { judgement, reads } = state.value
      if (!judgement || !decided.value) return ''
      const { decisions, ms } = decided.value
      const numbers = PROFILE_NAMES.reduce((sum, name) => sum + decisions[name].numbers, 0)
      return [
        h('span', [
          `Extracted in ${milliseconds(judgement.extractMs)}, measured for three profiles in ${milliseconds(judgement.measureMs)}. `,
          `The verdicts were then decided from ${numbers} numbers, in ${milliseconds(ms)}, without the text. `,
        ]),
        h('span', { class: 'reads' }, `Pages read so far: ${reads}.`),
      ]
    }

    return () =>
      h('div', { class: 'filter-page' }, [
        exampleBar(html.value, choose),
        h('div', { class: 'columns' }, [
          h(PageInput, {
            html: html.value,
            extractor: extractor.value,
            readable: state.value.judgement !== null,
            onChange: (text: string) => {
              html.value = text
              outdate()
              soon.call()
            },
            onExtractor: (name: ExtractorName) => {
              extractor.value = name
              readNow()
            },
          }),
          h(ExtractedText, { state: state.value }),
        ]),
        h('div', { class: 'judged' }, [
          verdict(),
          others(),
          h(ProfileCards, {
            chosen: profile.value,
            decisions: decided.value?.decisions ?? null,
            moved: moved() > 0,
            onChoose: (name: ProfileName) => {
              profile.value = name
              thresholds.value = {}
            },
          }),
          h('p', { class: 'note' }, replayNote()),
          h('div', { class: 'rules-head' }, [
            h('h2', { id: 'rules' }, 'The rules'),
            h(
              'button',
              {
                type: 'button',
                disabled: moved() === 0,
                onClick: () => {
                  thresholds.value = {}
                },
              },
              `Back to the thresholds of ${profile.value}`,
            ),
          ]),
          h('p', { class: 'note' }, [
            'The rules are asked in this order, and the first that is broken drops the page. ',
            h('span', { class: 'key-value' }, 'this text'),
            h('span', { class: 'key-than' }, 'threshold: move it'),
            h('span', { class: 'key-drops' }, 'the side that is dropped'),
          ]),
          h(RulesList, {
            filters: filters.value,
            published: published.value[profile.value],
            statistics: state.value.judgement?.statistics[profile.value] ?? null,
            decision: decided.value?.decisions[profile.value] ?? null,
            onMove: (key: string, than: number) => {
              thresholds.value = { ...thresholds.value, [key]: than }
            },
          }),
        ]),
        h('div', { class: 'deduplication' }, [
          h('h2', { id: 'near-duplicates' }, 'Is it there already?'),
          h('p', [
            'The web repeats itself: the same article stands on many sites, each with another frame. FineWeb cuts every text into runs of 5 words (shingles), ' +
              'hashes them, and keeps only 112 minima a text, in 14 buckets of 8. Two texts that agree in one bucket are taken for duplicates ',
            '(',
            h(
              'a',
              { href: 'https://arxiv.org/abs/2406.17557', target: '_blank', rel: 'noreferrer' },
              'Penedo et al. 2024',
            ),
            ', section 3.4).',
          ]),
          h(NearDuplicates, { normalisation: PROFILES[profile.value].normalisation }),
        ]),
      ])
  },
})
