import { defineComponent, h, onBeforeUnmount, onMounted, shallowRef } from 'vue'
import { BackendsTable } from './backends-table.js'
import { LossPlot } from './loss-plot.js'
import type { SampleSettings } from './protocol.js'
import { RunFigures } from './run-figures.js'
import { isRunning } from './run-state.js'
import { SamplePanel } from './sample-panel.js'
import { SettingsForm } from './settings-form.js'
import type { TrainingSettings } from './training-settings.js'
import { useWorker } from './use-worker.js'

/** The playground: a text, a model, its training and what it writes. All work is done in a worker of the page. */
export const Playground = defineComponent({
  name: 'Playground',
  setup() {
    const { state, open, start, stop, write, close } = useWorker()
    const sample = shallowRef<SampleSettings>({ prompt: 'Shall I ', temperature: 0.8 })
    onMounted(open)
    onBeforeUnmount(close)
    return () => {
      const { backends, phase, losses, heldOut, steps, failure } = state.value
      return h('div', { class: 'playground' }, [
        h('div', { class: 'columns' }, [
          h(SettingsForm, {
            backends,
            running: isRunning(state.value),
            stopping: phase === 'stopping',
            onStart: (text: string, settings: TrainingSettings) => start(text, settings, sample.value),
            onStop: stop,
          }),
          h('div', { class: 'run' }, [
            h('div', { role: 'alert' }, failure ? h('p', { class: 'failure' }, `${failure.what} ${failure.todo}`) : []),
            h(LossPlot, { losses, heldOut, steps }),
            h(RunFigures, { state: state.value }),
            h(SamplePanel, {
              state: state.value,
              settings: sample.value,
              onChange: (settings: SampleSettings) => {
                sample.value = settings
              },
              onWrite: () => write(sample.value),
            }),
          ]),
        ]),
        h(BackendsTable, { backends }),
      ])
    }
  },
})
