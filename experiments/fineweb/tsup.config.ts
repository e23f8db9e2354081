import { almanac } from '@almanac/tsup-config'

export default almanac({ entry: { index: './src/index.ts', main: './src/main.ts' }, platform: 'node', dts: false })
