import { seededRandom } from '@almanac/test-kit'
import type { SourceText } from '../src/source-text.js'

const WORDS =
  'the of and to in that is was he for it with as his on be at by had not are but from or have an they which one you were her all she there would their we him been has when who will more no if out so said what up its about into than them can only other new some could time these two may then do first any my now such like our over man me even most made after also did many before must through years where much your way well down should because each just those people how too little state good very make world still own see men work long get here between both life being under never day same another know while last might us great old year off come since against go came right used take three'.split(
    ' ',
  )

/** Speeches of sentences drawn from common words, the same at every call. */
export function inventedSpeeches(count: number, sentences: number): SourceText[] {
  const random = seededRandom(3)
  const sentence = () => {
    const words = Array.from({ length: 10 + random.integer(15) }, () => random.pick(WORDS)).join(' ')
    return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
  }
  return Array.from({ length: count }, (_, i) => ({
    name: `speech-${i}`,
    text: Array.from({ length: sentences }, sentence).join(' '),
  }))
}
