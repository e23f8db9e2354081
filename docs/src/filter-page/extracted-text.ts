import { type FunctionalComponent, h } from 'vue'
import type { LineReason } from './protocol.js'
import type { JudgementState } from './use-judgement.js'

const REASONS: Readonly<Record<LineReason, string>> = {
  lorem_ipsum: 'drops the page: lorem ipsum',
  curly_bracket: 'drops the page: curly bracket',
  few_words: 'fewer than 3 words',
  long_word: 'a word of over 1,000 characters',
  javascript: 'mentions JavaScript',
  policy: 'mentions cookies or a policy',
}

const counts = new Intl.NumberFormat('en')

const lineOf = (text: string, removed: LineReason | null, key: number) =>
  removed === null
    ? h('p', { key }, text)
    : h('p', { key, class: ['removed', { drops: removed === 'lorem_ipsum' || removed === 'curly_bracket' }] }, [
        h('del', text),
        h('small', REASONS[removed]),
      ])

/** The text that the extractor found, with the lines that C4's rules take out struck through. */
export const ExtractedText: FunctionalComponent<{ readonly state: JudgementState }> = ({ state }) => {
  const { judgement, refusal } = state
  return h('section', { class: 'extracted', 'aria-labelledby': 'filter-page-text' }, [
    h('div', { class: 'pane-head' }, [
      h('h2', { id: 'filter-page-text' }, 'Its text'),
      judgement?.title ? h('small', judgement.title) : '',
    ]),
    h(
      'div',
      {
        class: ['pane', 'text', { empty: judgement === null }],
        tabindex: 0,
        role: 'region',
        'aria-label': 'Extracted text',
      },
      judgement
        ? [
            ...judgement.lines.map(({ text, removed }, i) => lineOf(text, removed, i)),
            judgement.moreLines > 0 &&
              h('p', { class: 'more' }, `... and ${counts.format(judgement.moreLines)} more lines.`),
          ]
        : h('p', refusal ? 'No text.' : 'Reading ...'),
    ),
    h('p', { class: 'note' }, judgement ? noteOf(judgement) : 'What is left when menus, banners and footers are gone.'),
  ])
}
ExtractedText.props = ['state']

const noteOf = ({ characters, removedLines }: NonNullable<JudgementState['judgement']>): string =>
  `${counts.format(characters)} characters without menus, banners and footers. ` +
  (removedLines === 0
    ? "C4's rules take out no line."
    : `C4's rules take out ${removedLines === 1 ? 'the line that is' : `the ${counts.format(removedLines)} lines that are`} struck through.`)
