import { type FunctionalComponent, h } from 'vue'
import type { BackendStatus } from './protocol.js'

/** Which backends there are here, and why others are not. */
export const BackendsTable: FunctionalComponent<{ readonly backends: readonly BackendStatus[] | null }> = ({
  backends,
}) =>
  h('section', { class: 'backends', 'aria-labelledby': 'playground-backends' }, [
    h('h2', { id: 'playground-backends' }, 'Backends found here'),
    backends === null
      ? h('p', 'Looking for backends ...')
      : h('table', [
          h('thead', [
            h(
              'tr',
              ['backend', 'works', 'what was found'].map((name) => h('th', { scope: 'col' }, name)),
            ),
          ]),
          h(
            'tbody',
            backends.map(({ name, works, detail }) =>
              h('tr', { key: name }, [
                h('th', { scope: 'row' }, name),
                h('td', { class: works ? 'works' : 'fails' }, works ? 'yes' : 'no'),
                h('td', detail),
              ]),
            ),
          ),
        ]),
  ])
BackendsTable.props = ['backends']
