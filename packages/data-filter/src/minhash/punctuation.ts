/** What Python's \s and str.strip take, inside brackets of a regular expression. JavaScript's \s lacks U+001C to U+001F and U+0085, and has U+FEFF. */
export const SPACES = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
/**
 * datatrove's PUNCTUATION (src/datatrove/utils/text.py), inside brackets of a regular expression: these marks, and all control
 * characters but tab and line feed.
 */
export const MARKS =
  '\\/—”:％１〈&(、━\\\\【#%「」，】；+^\\]~“《„\';’{|∶´\\[=\\-`*．（–？！：$～«〉,><》)?）。…@_."}►»!\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f'
