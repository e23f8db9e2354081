const WORDS = 'river stone garden window paper silver winter market letter bridge island forest'.split(' ')

/** English prose that no other number gives, and that all rules of FineWeb keep. */
export function prose(number: number): string {
  const name = [...`${number}`].map((digit) => 'abcdefghij'[Number(digit)]).join('')
  return Array.from({ length: 9 }, (_, i) => {
    const word = (k: number) => WORDS[(number * 5 + i * 7 + k * k) % WORDS.length]
    const own = `${name}${'klmnopqrst'[i]}ment`
    return `The ${word(1)} of the ${own} was near that ${own} ${word(2)} and people have ${word(3)} ${own} to be with the ${word(4)} in the ${own} of ${word(5)}.`
  }).join(' ')
}
