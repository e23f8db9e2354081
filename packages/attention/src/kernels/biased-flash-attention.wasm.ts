import { flashForward } from './flash-forward.js'

export default flashForward('bias')
