const FIRST = `Long before there was a power station on the estuary, there was a mill that took its strength from the sea. Twice a day the rising tide pushed open a pair of wooden gates and filled a pond behind the village; when the water turned, its own weight shut the gates again, and the pond was full. The miller then waited. Only when the river outside had fallen low enough did he lift the sluice, and the pond ran out beneath the wheel for about five hours. Because the tides come fifty minutes later every day, he kept no hours that his neighbours could follow: he ground corn at noon in one week and at midnight in the next. Visitors often ask why so large a pond should turn so small a wheel. The answer is that a tide mill has plenty of water but very little height to drop it from.`

/** The same article as another site would have it: a sentence in front, and some words of its own. */
const CHANGES = [
  ['Twice a day', 'TWICE A DAY'],
  ['five hours', 'six hours'],
  ['his neighbours could follow', 'anybody could follow'],
  ['Visitors often ask', 'People always ask'],
] as const

/** Two texts that a reader would call one. */
export const NEAR_DUPLICATES: readonly [string, string] = [
  FIRST,
  `From our partners: ${CHANGES.reduce((text, [from, to]) => text.replace(from, to), FIRST)}`,
]
