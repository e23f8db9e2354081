import { webgpu } from '../support/devices.js'
import { conformanceGroups } from './cases/index.js'
import { conformance } from './conformance.js'

conformance(conformanceGroups, await webgpu())
