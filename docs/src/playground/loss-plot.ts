import { defineComponent, h, onBeforeUnmount, onMounted, type PropType, ref } from 'vue'
import { lossCurve } from './loss-curve.js'
import type { HeldOutLoss } from './run-state.js'

const HEIGHT = 260
const MARGIN = { left: 44, right: 16, top: 22, bottom: 40 }

/** The loss of every update and of held-out text, as an SVG of the width that there is, so that letters keep their size. */
export const LossPlot = defineComponent({
  name: 'LossPlot',
  props: {
    losses: { type: Array as PropType<readonly number[]>, required: true },
    heldOut: { type: Array as PropType<readonly HeldOutLoss[]>, required: true },
    steps: { type: Number, required: true },
  },
  setup(props) {
    const width = ref(560)
    const figure = ref<HTMLElement | null>(null)
    let observer: ResizeObserver | null = null
    onMounted(() => {
      observer = new ResizeObserver(() => {
        width.value = Math.max(240, figure.value?.clientWidth ?? 0)
      })
      if (figure.value) observer.observe(figure.value)
    })
    onBeforeUnmount(() => observer?.disconnect())

    return () => {
      const box = {
        left: MARGIN.left,
        right: width.value - MARGIN.right,
        top: MARGIN.top,
        bottom: HEIGHT - MARGIN.bottom,
      }
      const curve = lossCurve(props.losses, props.heldOut, props.steps, box)
      const { last } = curve
      const ends = last && last.x > box.right - 60
      return h('figure', { class: 'plot', ref: figure }, [
        h(
          'svg',
          {
            viewBox: `0 0 ${width.value} ${HEIGHT}`,
            width: width.value,
            height: HEIGHT,
            role: 'img',
            'aria-label': last
              ? `Loss by step: ${last.nats.toFixed(3)} nats a byte at step ${props.losses.length} of ${props.steps}`
              : 'Loss by step: nothing yet',
          },
          [
            ...curve.nats.map(({ at, label }) => [
              h('line', { class: 'grid', x1: box.left, x2: box.right, y1: at, y2: at }),
              h('text', { x: box.left - 8, y: at + 4, 'text-anchor': 'end' }, label),
            ]),
            ...curve.steps.map(({ at, label }) =>
              h('text', { x: at, y: box.bottom + 18, 'text-anchor': 'middle' }, label),
            ),
            h('text', { class: 'unit', x: 0, y: 12 }, 'loss (nats a byte)'),
            h('text', { class: 'unit', x: box.right, y: HEIGHT - 6, 'text-anchor': 'end' }, 'step'),
            h('path', { class: 'curve', d: curve.path }),
            ...curve.dots.map(({ x, y }) => h('circle', { class: 'held-out', cx: x, cy: y, r: 4 })),
            last && h('circle', { class: 'end', cx: last.x, cy: last.y, r: 3 }),
            last &&
              h(
                'text',
                {
                  class: 'value',
                  x: last.x + (ends ? -6 : 6),
                  y: Math.max(box.top + 10, last.y - 8),
                  'text-anchor': ends ? 'end' : 'start',
                },
                last.nats.toFixed(2),
              ),
          ],
        ),
        h('figcaption', [
          h('span', { class: 'key-curve' }, 'text that is trained on'),
          h('span', { class: 'key-held-out' }, 'held-out text'),
        ]),
      ])
    }
  },
})
