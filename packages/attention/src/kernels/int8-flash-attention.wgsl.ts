import { gpuForward } from './flash-on-gpu.js'

export default gpuForward('int8')
