// A process of a test: writes a large object and reads it back, and says how much memory it took.
import { s3Storage } from '@almanac/data-filter/io'

const [endpoint = '', bucket = '', accessKeyId = '', secretAccessKey = '', megabytes = '0'] = process.argv.slice(2)
const storage = s3Storage({ bucket, endpoint, credentials: { accessKeyId, secretAccessKey } })
const MiB = 2 ** 20
let peak = 0
const sample = () => {
  peak = Math.max(peak, process.memoryUsage().rss)
}

async function* pieces() {
  const piece = new Uint8Array(MiB)
  for (let i = 0; i < Number(megabytes); i++) {
    sample()
    yield piece.fill(i)
  }
}

// What a process takes that does the same with little.
await storage.write('small', [new Uint8Array(MiB)])
for await (const piece of storage.read('small')) peak = Math.max(peak, piece.length)
const before = process.memoryUsage().rss
const timer = setInterval(sample, 5)
await storage.write('large', pieces())
sample()
const written = peak
peak = 0
let right = 0
let at = 0
for await (const piece of storage.read('large')) {
  sample()
  // One byte of each 4096.
  for (let i = (4096 - (at % 4096)) % 4096; i < piece.length; i += 4096) {
    if (piece[i] === (Math.floor((at + i) / MiB) & 255)) right++
  }
  at += piece.length
}
clearInterval(timer)
const mb = (bytes: number) => Math.round(bytes / MiB)
process.stdout.write(
  JSON.stringify({ bytes: at, right, before: mb(before), write: mb(written - before), read: mb(peak - before) }),
)
