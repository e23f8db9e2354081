import type { LlamaConfig } from '../models/llama-config.js'
import { CheckpointError } from './checkpoint-error.js'
import { fromHuggingFaceRope, toHuggingFaceRope } from './hugging-face-rope.js'

/** The fields of a Llama's config.json that are read here, as Hugging Face's transformers writes them. */
export type HuggingFaceConfig = { readonly [field: string]: unknown }

/** Token ids and sampling defaults of generation_config.json. */
export type GenerationConfig = {
  readonly bosId?: number
  /** Every one of them ends a text. */
  readonly eosIds?: readonly number[]
  readonly temperature?: number
  readonly topK?: number
  readonly topP?: number
}

/** A Llama's config.json. */
export function toHuggingFaceConfig(
  config: LlamaConfig,
  options: { readonly generation?: GenerationConfig; readonly dtype?: string } = {},
): HuggingFaceConfig {
  const { generation = {}, dtype = 'float32' } = options
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim ?? config.hiddenSize / config.heads,
    max_position_embeddings: config.maxPositions,
    rope_theta: config.ropeTheta ?? 10000,
    rope_scaling: toHuggingFaceRope(config.ropeScaling),
    rms_norm_eps: config.rmsNormEps ?? 1e-5,
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: config.tieWordEmbeddings ?? true,
    ...tokenIds(generation),
    torch_dtype: dtype,
  }
}

/** generation_config.json. */
export function toHuggingFaceGeneration(generation: GenerationConfig): HuggingFaceConfig {
  const { temperature, topK, topP } = generation
  const samples = temperature !== undefined || topK !== undefined || topP !== undefined
  return {
    ...tokenIds(generation),
    ...(samples ? { do_sample: temperature !== 0 } : {}),
    ...(temperature ? { temperature } : {}),
    ...(topK === undefined ? {} : { top_k: topK }),
    ...(topP === undefined ? {} : { top_p: topP }),
  }
}

function tokenIds({ bosId, eosIds = [] }: GenerationConfig): HuggingFaceConfig {
  return {
    ...(bosId === undefined ? {} : { bos_token_id: bosId }),
    ...(eosIds.length === 0 ? {} : { eos_token_id: eosIds.length === 1 ? eosIds[0] : [...eosIds] }),
  }
}

/**
 * The model that a config.json describes. Fields that change the result and are not built here (biases, some rotary scalings,
 * another activation) are refused rather than ignored. Throws CheckpointError naming the field.
 */
export function fromHuggingFaceConfig(json: unknown, where = 'config.json'): LlamaConfig {
  const fields = objectOf(json, where)
  const type = fields['model_type']
  if (type !== undefined && type !== 'llama') {
    throw new CheckpointError(where, 'model_type "llama"', shown(type), 'Only Llama checkpoints are read here.')
  }
  for (const [field, neutral] of Object.entries(NEUTRAL)) {
    const value = fields[field]
    if (value === undefined || value === null || value === neutral) continue
    throw new CheckpointError(where, `${field} ${shown(neutral)}`, shown(value), 'This variant is not supported yet.')
  }
  const rope = fields['rope_parameters'] ?? fields['rope_scaling']
  const scaling = rope === undefined || rope === null ? {} : objectOf(rope, `${where}, rope_scaling`)
  const ropeScaling = fromHuggingFaceRope(scaling, where)
  const number = (field: string, fallback?: number): number => {
    const value = fields[field] ?? fallback
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
    throw new CheckpointError(where, `${field} as a number above 0`, shown(fields[field]), 'The file is incomplete.')
  }
  const heads = number('num_attention_heads')
  const tied = fields['tie_word_embeddings']
  return {
    vocabSize: number('vocab_size'),
    hiddenSize: number('hidden_size'),
    intermediateSize: number('intermediate_size'),
    layers: number('num_hidden_layers'),
    heads,
    kvHeads: number('num_key_value_heads', heads),
    ...(fields['head_dim'] == null ? {} : { headDim: number('head_dim') }),
    maxPositions: number('max_position_embeddings'),
    ropeTheta: typeof scaling['rope_theta'] === 'number' ? scaling['rope_theta'] : number('rope_theta', 10000),
    ...(ropeScaling ? { ropeScaling } : {}),
    rmsNormEps: number('rms_norm_eps', 1e-6),
    // Absent means false: transformers' default for Llama.
    tieWordEmbeddings: tied === true,
  }
}

/** generation_config.json, with the ids of config.json where it has none. */
export function fromHuggingFaceGeneration(json: unknown, config: unknown): GenerationConfig {
  const fields = { ...objectOf(config, 'config.json'), ...objectOf(json ?? {}, 'generation_config.json') }
  const number = (field: string) => (typeof fields[field] === 'number' ? (fields[field] as number) : undefined)
  const ends = fields['eos_token_id']
  const eosIds = (Array.isArray(ends) ? ends : [ends]).filter((id): id is number => Number.isInteger(id))
  const [bosId, temperature, topK, topP] = [
    number('bos_token_id'),
    fields['do_sample'] === false ? 0 : number('temperature'),
    number('top_k'),
    number('top_p'),
  ]
  return {
    ...(bosId === undefined ? {} : { bosId }),
    ...(eosIds.length === 0 ? {} : { eosIds }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topK === undefined ? {} : { topK }),
    ...(topP === undefined ? {} : { topP }),
  }
}

/** Fields whose other values mean other arithmetic. */
const NEUTRAL: Readonly<Record<string, unknown>> = { hidden_act: 'silu', attention_bias: false, mlp_bias: false }

function objectOf(value: unknown, where: string): { readonly [field: string]: unknown } {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as { [field: string]: unknown }
  throw new CheckpointError(where, 'a JSON object', shown(value))
}

const shown = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value).slice(0, 60))
