import { almanac } from '@almanac/tsup-config'

export default almanac({ entry: { main: './src/main.ts' }, platform: 'node', dts: false })
