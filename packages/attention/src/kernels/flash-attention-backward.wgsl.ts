import { gpuBackward } from './flash-on-gpu.js'

export default gpuBackward('plain')
