import { flashBackward } from './flash-backward.js'

export default flashBackward(false)
