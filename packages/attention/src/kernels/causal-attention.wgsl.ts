import { attentionTiles } from './causal-attention-tiles.wgsl.js'
import { fewQueries } from './few-queries.wgsl.js'

export default [...fewQueries, attentionTiles]
