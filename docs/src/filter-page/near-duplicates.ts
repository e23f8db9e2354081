import type { Normalisation } from '@almanac/data-filter/minhash'
import { defineComponent, h, onBeforeUnmount, onMounted, type PropType, ref, shallowRef, watch } from 'vue'
import { afterPause } from './after-pause.js'
import { CollisionPlot } from './collision-plot.js'
import { collisionProbability } from './collision-probability.js'
import { limitedWorker } from './limited-worker.js'
import { NEAR_DUPLICATES } from './near-duplicate-pair.js'
import type { Comparison } from './protocol.js'

const counts = new Intl.NumberFormat('en')
const share = (value: number | null): string => (value === null ? '–' : value.toFixed(3))

/** Two texts, how alike they are, and whether FineWeb's deduplication would find them. */
export const NearDuplicates = defineComponent({
  name: 'NearDuplicates',
  props: { normalisation: { type: String as PropType<Normalisation>, required: true } },
  setup(props) {
    const texts = ref<[string, string]>([...NEAR_DUPLICATES])
    const comparison = shallowRef<Comparison | null>(null)
    const failure = ref('')
    /** The texts were changed since they were compared. */
    const outdated = ref(true)
    const worker = limitedWorker()
    const compare = async () => {
      const answer = await worker.ask({ type: 'compare', texts: [...texts.value], normalisation: props.normalisation })
      if (answer === null) return
      outdated.value = false
      comparison.value = answer.type === 'compared' ? answer.comparison : null
      failure.value = answer.type === 'refused' ? `${answer.what} ${answer.todo}` : ''
    }
    const soon = afterPause(() => void compare())
    watch(() => props.normalisation, compare)
    onMounted(compare)
    onBeforeUnmount(() => {
      soon.cancel()
      worker.close()
    })

    const field = (which: 0 | 1, name: string) =>
      h('label', [
        h('span', name),
        h('textarea', {
          rows: 8,
          value: texts.value[which],
          onInput: ({ target }: Event) => {
            texts.value[which] = (target as HTMLTextAreaElement).value
            outdated.value = true
            soon.call()
          },
        }),
      ])
    const figure = (name: string, value: string, about: string) =>
      h('div', { key: name }, [h('dt', name), h('dd', value), h('dd', { class: 'about' }, about)])

    return () => {
      const found = comparison.value
      return h('section', { class: 'pair', 'aria-labelledby': 'near-duplicates' }, [
        h('div', { class: 'columns' }, [field(0, 'First text'), field(1, 'Second text')]),
        h(
          'p',
          { class: ['result', resultClass(found)], role: 'status', 'aria-live': 'polite', 'aria-busy': outdated.value },
          failure.value || sentence(found),
        ),
        found && [
          h('div', { class: 'columns' }, [
            h('dl', [
              figure(
                'Jaccard similarity',
                share(found.jaccard),
                `shared shingles of 5 words, of all; ${found.shingles.map((n) => counts.format(n)).join(' and ')} in the two texts`,
              ),
              figure(
                'Estimate',
                share(found.estimate),
                `share of ${found.buckets * found.hashesPerBucket} minima that are equal: all that the pipeline keeps of a text`,
              ),
              figure(
                'Shared buckets',
                `${found.sharedBuckets} of ${found.buckets}`,
                `one is enough; a bucket is shared where all of its ${found.hashesPerBucket} minima are`,
              ),
              figure(
                'Chance to share one',
                share(
                  found.jaccard === null
                    ? null
                    : collisionProbability(found.jaccard, found.buckets, found.hashesPerBucket),
                ),
                'for another draw of hash functions',
              ),
            ]),
            h(CollisionPlot, found),
          ]),
        ],
      ])
    }
  },
})

function sentence(found: Comparison | null): string {
  if (found === null) return 'Comparing ...'
  if (found.jaccard === null) return 'A text has fewer than 5 words, so it has no shingle: it is never a duplicate.'
  return found.sharedBuckets > 0
    ? 'Duplicates: FineWeb would keep one of the two.'
    : 'No duplicates to FineWeb: the two share no bucket, so both are kept.'
}
const resultClass = (found: Comparison | null): string =>
  found === null || found.jaccard === null ? '' : found.sharedBuckets > 0 ? 'drops' : 'keeps'
