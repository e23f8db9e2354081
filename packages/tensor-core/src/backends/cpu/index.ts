export { type CpuOptions, cpu } from './create-cpu-backend.js'
