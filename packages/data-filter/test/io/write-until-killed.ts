// A process that tests start and kill: writes or creates files of one byte value, one after another without end. Or it writes half
// of one file and waits.
import { fileStorage } from '@almanac/data-filter/io'

const [folder = '', what = 'write'] = process.argv.slice(2)
const storage = fileStorage(folder)

async function* pieces(value: number, stall: boolean) {
  for (let i = 0; i < 64; i++) {
    if (stall && i === 32) {
      process.stdout.write('begun\n')
      await new Promise((resolve) => setTimeout(resolve, 60_000))
    }
    yield new Uint8Array(50_000).fill(value)
  }
}

if (what !== 'stall') process.stdout.write('begun\n')
for (let round = 1; ; round++) {
  if (what === 'create') await storage.create(`created/${round}`, new Uint8Array(3_200_000).fill(round))
  else await storage.write('written', pieces(round, what === 'stall'))
}
