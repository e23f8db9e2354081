import type { Problem } from './problem.js'
import { declaredDependencies } from './rules/declared-dependencies.js'
import { innerLayers } from './rules/inner-layers.js'
import { layerArrows } from './rules/layer-arrows.js'
import { oneConcept } from './rules/one-concept.js'
import { packageContract } from './rules/package-contract.js'
import { readmeSections } from './rules/readme-sections.js'
import type { WorkspacePackage } from './workspace-package.js'

const rules = [packageContract, layerArrows, innerLayers, declaredDependencies, oneConcept, readmeSections]

/** All structure rules on one package. */
export const checkPackage = (pkg: WorkspacePackage): Problem[] => rules.flatMap((rule) => rule(pkg))
