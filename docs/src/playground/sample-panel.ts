import { defineComponent, h, type PropType } from 'vue'
import type { SampleSettings } from './protocol.js'
import type { RunState } from './run-state.js'

/** What the model writes: by itself now and then while it trains, and when it is asked. */
export const SamplePanel = defineComponent({
  name: 'SamplePanel',
  props: {
    state: { type: Object as PropType<RunState>, required: true },
    settings: { type: Object as PropType<SampleSettings>, required: true },
  },
  emits: { change: (_settings: SampleSettings) => true, write: () => true },
  setup(props, { emit }) {
    const submit = (event: Event) => {
      event.preventDefault()
      emit('write')
    }
    return () => {
      const { sample, writing, model } = props.state
      const { prompt, temperature } = props.settings
      const ready = model !== null && props.state.step > 0
      return h('section', { class: 'sample', 'aria-labelledby': 'playground-sample' }, [
        h('h3', { id: 'playground-sample' }, ['Sample', sample && h('small', ` after ${sample.step} steps`)]),
        h(
          'pre',
          { class: { empty: sample === null }, tabindex: 0, 'aria-label': 'Text that the model wrote' },
          sample
            ? [h('span', { class: 'prompt' }, sample.prompt), h('span', { class: 'written' }, sample.text)]
            : 'What the model writes appears here.',
        ),
        h('form', { 'aria-label': 'Sample', onSubmit: submit }, [
          h('label', { class: 'prompt' }, [
            h('span', 'Prompt'),
            h('input', {
              type: 'text',
              value: prompt,
              maxlength: 1000,
              onInput: ({ target }: Event) =>
                emit('change', { ...props.settings, prompt: (target as HTMLInputElement).value }),
            }),
          ]),
          h('label', [
            h('span', `Temperature ${temperature.toFixed(1)}`),
            h('input', {
              type: 'range',
              min: 0,
              max: 1.5,
              step: 0.1,
              value: temperature,
              onInput: ({ target }: Event) =>
                emit('change', { ...props.settings, temperature: (target as HTMLInputElement).valueAsNumber }),
            }),
          ]),
          h('button', { type: 'submit', disabled: !ready || writing }, writing ? 'Writing ...' : 'Write'),
        ]),
      ])
    }
  },
})
