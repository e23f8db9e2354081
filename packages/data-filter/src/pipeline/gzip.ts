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

async function nodeZlib(): Promise<typeof import('node:zlib') | null> {
  return globalThis.process?.versions?.node ? await import('node:zlib') : null
}
