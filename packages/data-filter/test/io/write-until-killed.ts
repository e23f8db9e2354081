// A process that tests start: writes or creates files of one byte value, and kills itself in the middle of the third, after the
// given part of the time that the second took. Or it writes half of one file, says so, and waits to be killed.
import { fileStorage } from '@almanac/data-filter/io'

const [folder = '', what = 'write', part = '0'] = process.argv.slice(2)
const storage = fileStorage(folder)

async function* pieces(value: number) {
  for (let i = 0; i < 64; i++) {
    if (what === 'stall' && i === 32) {
      process.stdout.write('half\n')
      await new Promise((resolve) => setTimeout(resolve, 60_000))
    }
    yield new Uint8Array(50_000).fill(value)
  }
}

let took = 0
for (let round = 1; ; round++) {
  if (round === 3) setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(part) * took)
  const begun = performance.now()
  if (what === 'create') await storage.create(`created/${round}`, new Uint8Array(3_200_000).fill(round))
  else await storage.write('written', pieces(round))
  took = performance.now() - begun
}
