import type { BackendName } from '@almanac/tensor-core'
import { computed, defineComponent, h, type PropType, reactive, ref, watch } from 'vue'
import { numberField, selectField } from './choice-fields.js'
import { formatCount } from './format-quantity.js'
import { llamaShape, parameterCount } from './llama-shape.js'
import type { BackendStatus } from './protocol.js'
import { SONNETS } from './sonnets.js'
import { LIMITS, PRESETS, presetOf, type TrainingSettings } from './training-settings.js'

const same = (choices: readonly number[]) => choices.map((choice) => [choice, `${choice}`] as const)

/** The text, the model and how it is trained; it starts and stops. */
export const SettingsForm = defineComponent({
  name: 'SettingsForm',
  props: {
    backends: { type: Array as PropType<readonly BackendStatus[] | null>, default: null },
    running: { type: Boolean, required: true },
    stopping: { type: Boolean, required: true },
  },
  emits: {
    start: (_text: string, _settings: TrainingSettings) => true,
    stop: () => true,
  },
  setup(props, { emit }) {
    const text = ref(SONNETS)
    const bytes = computed(() => new TextEncoder().encode(text.value).length)
    const { name: _, ...size } = PRESETS[0] as (typeof PRESETS)[number]
    const chosen = reactive({ ...size, steps: 600, learningRate: 0.003 })
    const backend = ref<BackendName | ''>('')
    const working = computed(() => (props.backends ?? []).filter(({ works }) => works).map(({ name }) => name))
    // The first that works is the fastest; a choice stays while it works.
    watch(working, (names) => {
      if (backend.value === '' || !names.includes(backend.value)) backend.value = names[0] ?? ''
    })

    const submit = (event: Event) => {
      event.preventDefault()
      if (backend.value !== '') emit('start', text.value, { ...chosen, backend: backend.value })
    }
    const presets = () =>
      h('fieldset', { class: 'presets' }, [
        h('legend', 'Model'),
        ...PRESETS.map((preset) =>
          h('label', { key: preset.name }, [
            h('input', {
              type: 'radio',
              name: 'playground-preset',
              checked: presetOf(chosen)?.name === preset.name,
              onChange: () => {
                const { name: _, ...numbers } = preset
                Object.assign(chosen, numbers)
              },
            }),
            h('span', preset.name),
          ]),
        ),
      ])

    return () => {
      const { heads } = llamaShape(chosen)
      return h('form', { class: 'settings', 'aria-label': 'Training', onSubmit: submit }, [
        h('label', { class: 'text' }, [
          h('span', 'Text'),
          h('textarea', {
            rows: 9,
            spellcheck: false,
            required: true,
            'aria-describedby': 'playground-text-note',
            value: text.value,
            onInput: ({ target }: Event) => {
              text.value = (target as HTMLTextAreaElement).value
            },
          }),
        ]),
        h('p', { class: 'note', id: 'playground-text-note' }, [
          `${formatCount(bytes.value)} bytes. `,
          text.value === SONNETS
            ? "24 of Shakespeare's sonnets (1609), from Project Gutenberg's eBook 1041; paste your own. "
            : h(
                'button',
                { type: 'button', class: 'link', onClick: () => (text.value = SONNETS) },
                'Back to the sonnets',
              ),
          text.value === SONNETS ? '' : '. ',
          'The text never leaves this page.',
        ]),
        presets(),
        h('div', { class: 'fields' }, [
          selectField('Width', chosen.width, same(LIMITS.width.choices), (width) => (chosen.width = width)),
          numberField('Layers', chosen.layers, LIMITS.layers, (layers) => (chosen.layers = layers)),
          selectField('Context', chosen.context, same(LIMITS.context.choices), (context) => (chosen.context = context)),
          numberField('Batch', chosen.batch, LIMITS.batch, (batch) => (chosen.batch = batch)),
        ]),
        h('p', { class: 'note' }, [
          h('strong', `${formatCount(parameterCount(chosen))} parameters`),
          `: a Llama (RMSNorm, rotary positions, SwiGLU) of ${chosen.layers} ${chosen.layers === 1 ? 'layer' : 'layers'} ` +
            `with ${heads} heads, over bytes: one token a character of English.`,
        ]),
        h('div', { class: 'fields' }, [
          numberField('Steps', chosen.steps, LIMITS.steps, (steps) => (chosen.steps = steps)),
          numberField('Learning rate', chosen.learningRate, { ...LIMITS.learningRate, step: 'any' }, (rate) => {
            chosen.learningRate = rate
          }),
          selectField(
            'Backend',
            backend.value,
            working.value.map((name) => [name, name] as const),
            (name) => (backend.value = name),
            working.value.length === 0,
          ),
        ]),
        h('div', { class: 'actions' }, [
          h('button', { type: 'submit', class: 'start', disabled: props.running || backend.value === '' }, 'Start'),
          h(
            'button',
            { type: 'button', class: 'stop', disabled: !props.running, onClick: () => emit('stop') },
            props.stopping ? 'End at once' : 'Stop',
          ),
          props.stopping && h('p', { class: 'note' }, 'Stopping after this step. Ending at once loses the model.'),
        ]),
      ])
    }
  },
})
