import { cpu, wasm } from '../support/devices.js'
import { conformanceGroups } from './cases/index.js'
import { conformance } from './conformance.js'

for (const device of [await cpu(), await wasm(1), await wasm(2)]) conformance(conformanceGroups, device)
