/** Bytes as one gzip member. The same bytes give the same member: it holds no time and no name. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const zlib = await nodeZlib()
  if (zlib) {
    return new Promise((resolve, reject) => {
      zlib.gzip(bytes, { level: 6 }, (error, packed) => (error ? reject(error) : resolve(packed)))
    })
  }
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(packed).arrayBuffer())
}

/** What gzip members hold, one after another, in pieces. */
export async function* gunzipped(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const zlib = await nodeZlib()
  if (zlib) {
    const { Readable } = await import('node:stream')
    const gunzip = zlib.createGunzip({ chunkSize: 2 ** 18 })
    const source = Readable.from(pieces, { objectMode: false, highWaterMark: 2 ** 20 })
    source.on('error', (error) => gunzip.destroy(error))
    try {
      yield* source.pipe(gunzip)
    } finally {
      source.destroy()
      gunzip.destroy()
    }
    return
  }
  throw new Error('not yet')
}

async function nodeZlib(): Promise<typeof import('node:zlib') | null> {
  return globalThis.process?.versions?.node ? await import('node:zlib') : null
}
