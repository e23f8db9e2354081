import { almanac } from '@almanac/tsup-config'

export default almanac({ platform: 'node', dts: false })
