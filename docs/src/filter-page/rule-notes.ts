import type { Rule } from '@almanac/data-filter'

/** Where a filter comes from. */
export interface FilterNote {
  readonly title: string
  readonly paper: string
  readonly link: string
  /** What it is for. */
  readonly about: string
}

/** What a rule looks at. */
export interface RuleNote {
  readonly name: string
  /** What it is for; none where it stands with the rule before it. */
  readonly about?: string
  /** The right end of its scale; unless given, 2.5 thresholds and at most 1. */
  readonly most?: number
  /** Thresholds are whole numbers. */
  readonly whole?: true
  /** A threshold of it makes no sense but the one that it has: something is there or it is not. */
  readonly fixed?: true
}

const RAE = { paper: 'Rae et al. 2021', link: 'https://arxiv.org/abs/2112.11446' }

export const FILTER_NOTES: Readonly<Record<string, FilterNote>> = {
  language: {
    paper: 'Penedo et al. 2024',
    link: 'https://arxiv.org/abs/2406.17557',
    title: 'Language',
    about:
      'FineWeb keeps what fastText is sure is English. Here eld looks, whose score is no probability: text of any language that it knows has more than 0.65, ' +
      'names and random letters have less.',
  },
  'gopher-repetition': {
    ...RAE,
    title: 'Gopher: repetition',
    about:
      'A page that says the same thing over and over teaches a model to do so. Measured as shares of the text: whole paragraphs and lines, the one ' +
      'most frequent run of words, and all longer runs that occurred before.',
  },
  'gopher-quality': {
    ...RAE,
    title: 'Gopher: quality',
    about:
      'Cheap signs of prose: enough words of a usual length, few symbols, and a few words that English can hardly do without.',
  },
  'c4-quality': {
    paper: 'Raffel et al. 2020',
    link: 'https://arxiv.org/abs/1910.10683',
    title: 'C4',
    about:
      'First takes out lines: those of fewer than 3 words, those that mention JavaScript or a policy, those with a word of over 1,000 characters. Then drops pages ' +
      'that hold filler or code, or of which too little is left. FineWeb leaves out its rule that each line must end in a mark: it would cost 30 % of all tokens.',
  },
  'fineweb-quality': {
    paper: 'Penedo et al. 2024',
    link: 'https://arxiv.org/abs/2406.17557',
    title: 'FineWeb',
    about:
      "Found by comparing over fifty statistics of good and bad crawls, and training a model for each candidate: lists, menus and whatever else isn't written in sentences.",
  },
}

const WORDS = ['', '', 'pair', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']
const top = (n: number, about?: string): RuleNote => ({
  name: n === 2 ? 'Most frequent pair of words' : `Most frequent ${WORDS[n]} words`,
  ...(about ? { about } : {}),
})
const runs = (n: number, about?: string): RuleNote => ({
  name: `Repeated runs of ${WORDS[n]} words`,
  ...(about ? { about } : {}),
})

const RULE_NOTES: Readonly<Record<string, RuleNote>> = {
  language_score: { name: 'How sure the language is', about: 'Whichever it is.', most: 1 },
  language: { name: 'How sure it is English', most: 1 },
  dup_para_frac: { name: 'Repeated paragraphs', about: 'Of all paragraphs, those that occurred before.' },
  dup_para_char_frac: { name: 'Characters in repeated paragraphs' },
  dup_line_frac: { name: 'Repeated lines', about: 'Menus and footers that come back on the same page.' },
  dup_line_char_frac: { name: 'Characters in repeated lines' },
  top_2_gram: top(2, 'Its characters, of all. Very short texts have it, too.'),
  top_3_gram: top(3),
  top_4_gram: top(4),
  duplicated_5_n_grams: runs(5, 'Characters in runs that occurred before: forms, forecasts, generated pages.'),
  duplicated_6_n_grams: runs(6),
  duplicated_7_n_grams: runs(7),
  duplicated_8_n_grams: runs(8),
  duplicated_9_n_grams: runs(9),
  duplicated_10_n_grams: runs(10),
  gopher_short_doc: { name: 'Words, at least', about: 'Error pages and captions are shorter.', most: 200, whole: true },
  gopher_long_doc: { name: 'Words, at most', about: 'Dumps of data are longer.', most: 200_000, whole: true },
  gopher_below_avg_threshold: { name: 'Mean length of a word, at least', about: 'Letters apart, or tables.', most: 12 },
  gopher_above_avg_threshold: { name: 'Mean length of a word, at most', about: 'Addresses, or code.', most: 20 },
  gopher_too_many_hashes: { name: 'Hash signs to words', about: 'Lists of tags.' },
  gopher_too_many_ellipsis: { name: 'Ellipses to words', about: 'Teasers that are cut off ...' },
  gopher_too_many_bullets: { name: 'Lines that begin with a bullet', about: 'A list and nothing else.' },
  gopher_too_many_end_ellipsis: { name: 'Lines that end in an ellipsis', about: 'Pages of search results.' },
  gopher_below_alpha_threshold: { name: 'Words with a letter', about: 'Below it: tables of numbers.', most: 1 },
  gopher_enough_stop_words: {
    name: 'Different stop words',
    about: 'Of: the, be, to, of, and, that, have, with.',
    most: 8,
    whole: true,
  },
  lorem_ipsum: { name: 'Lorem ipsum', about: 'A template that nobody has filled in.', fixed: true },
  curly_bracket: { name: 'Curly bracket', about: 'Code. It costs pages about programming, too.', fixed: true },
  too_few_sentences: { name: 'Sentences that are left', about: 'After lines were taken out.', most: 20, whole: true },
  empty: { name: 'Lines that are left', about: 'A text of none is dropped.', fixed: true },
  line_punct_ratio: { name: 'Lines that end in a mark', about: 'Menus and lists have no full stops.', most: 1 },
  short_line_ratio: { name: 'Short lines', about: 'Of up to 30 characters; in the paper, fewer than 30.', most: 1 },
  char_dup_ratio: {
    name: 'Characters in repeated lines',
    about: 'The paper says 0.1 in one place and 0.01 in another; the code, 0.01.',
  },
  list_ratio: { name: 'Line ends to words', about: 'In the code, not in the paper.', most: 1 },
}

/** A rule in words; one that is not known here goes by its own name. */
export const ruleNote = ({ reason }: Pick<Rule, 'reason'>): RuleNote =>
  RULE_NOTES[reason] ?? { name: reason.replaceAll('_', ' ') }

export const filterTitle = (name: string): string => FILTER_NOTES[name]?.title ?? name.replaceAll('-', ' ')
