// Prefill and decoding of a GGUF file by llama.cpp's own C API (the library inside @node-llama-cpp/linux-x64), in tokens a
// second: node llama-cpp.mjs <file> <threads> <prefill> <decode> <vocabulary>. Prints one JSON object.
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import koffi from 'koffi'

const [file, threads, prefill, decode, vocabulary] = process.argv
  .slice(2)
  .map((arg, i) => (i === 0 ? arg : Number(arg)))
const bins = join(dirname(fileURLToPath(import.meta.url)), 'node_modules/@node-llama-cpp/linux-x64/bins/linux-x64')
if (!existsSync(bins)) throw new Error(`expected ${bins}, got nothing. Run "npm install --prefix bench/peers".`)
const library = (name) =>
  koffi.load(
    join(
      bins,
      readdirSync(bins).find((f) => f.startsWith(`${name}.`)),
    ),
    { global: true },
  )
library('libggml-base')
const ggml = library('libggml')
const llama = library('libllama')

// Parameters go by value and their fields change from version to version: defaults, in more bytes than they have. Longer
// than 16 bytes they travel in memory, where what follows is not read.
const Params = koffi.struct('Params', { bytes: koffi.array('uint8', 1024) })
const Batch = koffi.struct('Batch', { n_tokens: 'int32', token: 'void*', rest: koffi.array('uint8', 40) })

ggml.func('void ggml_backend_load_all_from_path(const char*)')(bins)
llama.func('void llama_log_set(void*, void*)')(
  koffi.register(() => {}, koffi.pointer(koffi.proto('void Log(int, const char*, void*)'))),
  null,
)
llama.func('void llama_backend_init()')()
const modelParams = llama.func('llama_model_default_params', Params, [])()
const contextParams = llama.func('llama_context_default_params', Params, [])()
const model = llama.func('llama_model_load_from_file', 'void*', ['str', Params])(file, modelParams)
if (!model) throw new Error(`expected llama.cpp to load ${file}`)
const context = llama.func('llama_init_from_model', 'void*', ['void*', Params])(model, contextParams)
llama.func('void llama_set_n_threads(void*, int32, int32)')(context, threads, threads)
const memory = llama.func('void* llama_get_memory(void*)')(context)
const clear = llama.func('void llama_memory_clear(void*, bool)')
const batchOf = llama.func('llama_batch_get_one', Batch, ['void*', 'int32'])
const run = llama.func('llama_decode', 'int32', ['void*', Batch])
const logits = llama.func('void* llama_get_logits_ith(void*, int32)')

const step = (count) => {
  const tokens = Int32Array.from({ length: count }, (_, i) => (i * 7919) % vocabulary)
  const code = run(context, batchOf(tokens, count))
  if (code !== 0) throw new Error(`llama_decode gave ${code}`)
  logits(context, -1)
}
const timed = (work, tokens) => {
  const start = performance.now()
  work()
  return (1000 * tokens) / (performance.now() - start)
}
const once = () => {
  clear(memory, true)
  const a = timed(() => step(prefill), prefill)
  const b = timed(() => {
    for (let i = 0; i < decode; i++) step(1)
  }, decode)
  return { prefill: a, decode: b }
}
once()
const runs = [once(), once(), once()]
const middle = (name) => runs.map((r) => r[name]).sort((a, b) => a - b)[1]
console.log(
  JSON.stringify({
    prefill: Math.round(middle('prefill')),
    decode: Number(middle('decode').toFixed(1)),
    residentMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  }),
)
process.exit(0)
