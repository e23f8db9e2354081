import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '@almanac/test-kit'
import { temporaryFolder } from './run-almanac.js'

const WORDS = 'the quick brown fox jumps over a lazy dog while seven old wizards read their maps by the river'.split(
  ' ',
)

/** What a finished run leaves behind and the same run always gives, bit for bit; log.jsonl beside them tells times. */
export const LASTING_FILES = [
  'checkpoint.safetensors',
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'report.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'tokens.safetensors',
]

/** A text of sentences drawn from a few words, the same at every call; about 5.5 bytes a word. */
export function textFile(words = 4000): string {
  const random = seededRandom(7)
  const drawn = Array.from({ length: words }, () => random.pick(WORDS))
  const file = join(temporaryFolder(), 'text.txt')
  writeFileSync(file, drawn.map((word, i) => (i % 9 === 8 ? `${word}.\n` : `${word} `)).join(''))
  return file
}

/** Arguments of a `pretrain` that takes seconds. */
export function smallRun(text: string, out: string, steps: number): string[] {
  const options = `--steps ${steps} --vocab-size 300 --batch 4 --context 32 --hidden 32 --layers 1 --heads 2 --ffn 64`
  return `pretrain --text ${text} --out ${out} ${options} --checkpoint-every 5 --json --threads 2`.split(' ')
}
