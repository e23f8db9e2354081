/** Elements that begin and end a line of text. */
export const BLOCK_ELEMENTS: ReadonlySet<string> = new Set(
  (
    'address article aside blockquote body br caption center dd details dir div dl dt fieldset figcaption figure footer form ' +
    'h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol option p pre section summary table tbody tfoot thead tr ul'
  ).split(' '),
)
/** Elements that part words but not lines. */
export const CELL_ELEMENTS: ReadonlySet<string> = new Set(['td', 'th', 'img', 'iframe', 'button', 'input', 'label'])
