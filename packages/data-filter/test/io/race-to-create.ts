// A process of a test: creates the files that it is told of on stdin, and says which of them it won.
import { createInterface } from 'node:readline'
import { fileStorage } from '@almanac/data-filter/io'

const [folder = '', who = ''] = process.argv.slice(2)
const storage = fileStorage(folder)
for await (const line of createInterface({ input: process.stdin })) {
  const names = JSON.parse(line) as string[]
  const won = await Promise.all(names.map((name) => storage.create(name, new TextEncoder().encode(who))))
  process.stdout.write(`${JSON.stringify(names.filter((_, i) => won[i]))}\n`)
}
