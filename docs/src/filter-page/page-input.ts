import type { ExtractorName } from '@almanac/data-filter/html'
import { computed, defineComponent, h, type PropType, ref } from 'vue'
import { PAGE_EXAMPLES } from './page-examples.js'
import { pagePreview } from './page-preview.js'

/** The page: an example or what was pasted, as source or as a browser shows it. */
export const PageInput = defineComponent({
  name: 'PageInput',
  props: {
    html: { type: String, required: true },
    extractor: { type: String as PropType<ExtractorName>, required: true },
    /** The page was read within its limits: it can be shown. */
    readable: { type: Boolean, required: true },
  },
  emits: { change: (_html: string) => true, extractor: (_name: ExtractorName) => true },
  setup(props, { emit }) {
    const rendered = ref(false)
    const preview = computed(() => (rendered.value && props.readable ? pagePreview(props.html) : null))
    const tab = (name: string, on: boolean) =>
      h(
        'button',
        {
          type: 'button',
          class: 'tab',
          'aria-pressed': rendered.value === on,
          onClick: () => {
            rendered.value = on
          },
        },
        name,
      )
    const view = () => {
      if (!rendered.value) {
        return h('textarea', {
          id: 'filter-page-html',
          'aria-label': 'HTML of the page',
          spellcheck: false,
          value: props.html,
          placeholder: 'Paste the HTML of a page',
          onInput: ({ target }: Event) => emit('change', (target as HTMLTextAreaElement).value),
        })
      }
      return preview.value === null
        ? h('p', { class: 'pane empty' }, 'This page is too large, or too odd, to be laid out here.')
        : h('iframe', { class: 'pane', title: 'The page as a browser shows it', sandbox: '', srcdoc: preview.value })
    }
    return () =>
      h('section', { class: 'input', 'aria-labelledby': 'filter-page-input' }, [
        h('div', { class: 'pane-head' }, [
          h('h2', { id: 'filter-page-input' }, 'The page'),
          h('div', { class: 'tabs', role: 'group', 'aria-label': 'Show the page as' }, [
            tab('Source', false),
            tab('Rendered', true),
          ]),
        ]),
        view(),
        h('label', { class: 'extractor' }, [
          h('span', 'Extractor'),
          h(
            'select',
            {
              value: props.extractor,
              onChange: ({ target }: Event) => emit('extractor', (target as HTMLSelectElement).value as ExtractorName),
            },
            [
              h('option', { value: 'readability' }, 'Readability (finds more)'),
              h('option', { value: 'density' }, 'Text density (faster)'),
            ],
          ),
        ]),
      ])
  },
})

/** The examples as one bar; none is chosen once the page was changed. */
export const exampleBar = (html: string, choose: (html: string) => void) =>
  h('fieldset', { class: 'bar examples' }, [
    h('legend', 'Begin with an example, or paste a page of your own'),
    ...PAGE_EXAMPLES.map((example) =>
      h('label', { key: example.name }, [
        h('input', {
          type: 'radio',
          name: 'filter-page-example',
          checked: example.html === html,
          onChange: () => choose(example.html),
        }),
        h('span', example.name),
      ]),
    ),
  ])
