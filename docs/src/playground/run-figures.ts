import { type FunctionalComponent, h, type VNode } from 'vue'
import { formatBytes, formatCount, formatDuration, formatRate } from './format-quantity.js'
import { isRunning, type RunState } from './run-state.js'

const NONE = '–'

/** What is going on, in a sentence: read out where it changes, so steps are told by tenths. */
const sentence = (state: RunState): string => {
  const { phase, step, steps, losses } = state
  const loss = losses.length > 0 ? `, loss ${(losses[losses.length - 1] as number).toFixed(2)}` : ''
  switch (phase) {
    case 'idle':
      return state.backends === null ? 'Looking for backends ...' : 'Ready.'
    case 'starting':
      return 'Starting: the first step compiles the kernels ...'
    case 'training':
      return `Training: ${Math.floor((10 * step) / steps) * 10} % done.`
    case 'stopping':
      return 'Stopping ...'
    case 'stopped':
      return `Stopped at step ${step}${loss}.`
    case 'finished':
      return `Finished: ${step} steps${loss}.`
    case 'failed':
      return 'The run failed.'
  }
}

/** The figures of a run beside its plot. */
export const RunFigures: FunctionalComponent<{ readonly state: RunState }> = ({ state }) => {
  const { step, steps, losses, heldOut, pace, memory, model } = state
  const loss = losses.at(-1)
  const judged = heldOut.at(-1)
  const figure = (name: string, value: string, unit = ''): VNode =>
    h('div', { key: name }, [h('dt', name), h('dd', [value, unit && h('small', ` ${unit}`)])])
  const whole = memory && formatBytes(memory.liveBytes)
  const peak = memory && formatBytes(memory.peakBytes)
  return h('div', { class: 'figures' }, [
    h('p', { class: 'status', role: 'status', 'aria-live': 'polite' }, sentence(state)),
    h('progress', { max: Math.max(1, steps), value: step, 'aria-label': 'Steps made' }),
    h('dl', [
      figure('Step', steps > 0 ? `${formatCount(step)} of ${formatCount(steps)}` : NONE),
      figure('Loss', loss === undefined ? NONE : loss.toFixed(3), 'nats a byte'),
      figure('Held-out loss', judged === undefined ? NONE : judged.nats.toFixed(3), 'nats a byte'),
      figure('Speed', pace ? formatRate(pace.tokensPerSecond) : NONE, 'tokens/s'),
      figure('Time left', pace && isRunning(state) ? formatDuration(pace.remainingSeconds) : NONE),
      figure('Memory in use', whole ?? NONE),
      figure('Temporaries, at most', peak ?? NONE),
      figure('Parameters', model ? formatCount(model.parameters) : NONE),
    ]),
  ])
}
RunFigures.props = ['state']
