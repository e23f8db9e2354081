import { existsSync, readdirSync } from 'node:fs'
import { almanac } from '@almanac/tsup-config'

// Each file in src/ is one benchmark; what they share lies in src/shared/.
const files = existsSync('src') ? readdirSync('src').filter((file) => file.endsWith('.ts')) : []

export default almanac({
  entry: Object.fromEntries(files.map((file) => [file.slice(0, -3), `./src/${file}`])),
  platform: 'node',
  dts: false,
})
