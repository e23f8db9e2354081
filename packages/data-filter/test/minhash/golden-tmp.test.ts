import { seededRandom } from '@almanac/test-kit'
import { test } from 'vitest'
import { memoryStorage } from '../../src/memory-storage.js'
import { readFile } from '../../src/minhash/checked-file.js'
import { checksumOf } from '../../src/minhash/checksum.js'
import { FINEWEB_MINHASH, openMinhasher, signDocuments } from '../../src/minhash/index.js'

test('golden', async () => {
  const minhasher = await openMinhasher({ ...FINEWEB_MINHASH, tokenizer: 'spaces' }, (t) =>
    t === '' ? [] : t.split(' '),
  )
  const random = seededRandom(7)
  const documents = Array.from({ length: 300 }, (_, i) => ({
    id: `${i}`,
    metadata: {},
    text: Array.from({ length: random.integer(30) }, () => `w${random.integer(50)}`).join(' '),
  }))
  const signatures = memoryStorage()
  await signDocuments({ minhasher, documents, rank: 1, worldSize: 3, inputs: [], signatures })
  for (const { name, bytes } of await signatures.list(''))
    console.log(name, bytes, await checksumOf(await readFile(signatures, name)))
})
