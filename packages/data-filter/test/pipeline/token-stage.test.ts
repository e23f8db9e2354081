import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { memoryStorage } from '../../src/index.js'
import { openTokenShard } from '../../src/mixture/index.js'
import { runPipeline } from '../../src/pipeline/index.js'
import { contentsOf, smallPipeline, writeSmallCorpus } from './small-corpus.js'

test('the tokens of a shard are those of its documents, each with its end', async () => {
  const inputs = memoryStorage()
  await writeSmallCorpus(inputs)
  const pipeline = await smallPipeline(inputs, {
    tokens: { name: 'bytes', vocabularySize: 257, endToken: 256, encode: (text) => new TextEncoder().encode(text) },
  })
  const storage = memoryStorage()
  await runPipeline({ pipeline, storage })
  const contents = await contentsOf(storage)
  for (const shard of ['00000', '00001', '00002']) {
    const lines = gunzipSync(Buffer.from(contents[`documents/${shard}.jsonl.gz`] as string, 'base64')).toString()
    const texts = lines
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { text: string }).text)
    const tokens = await openTokenShard(storage, `tokens/${shard}`)
    expect(tokens.documents).toBe(texts.length)
    expect(tokens.tokenizer).toBe('bytes')
    for (const [i, text] of texts.entries()) {
      expect([...(await tokens.document(i))]).toEqual([...new TextEncoder().encode(text), 256])
    }
    await tokens.close()
  }
})
