import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type S3GatewayOptions, startS3Gateway } from './s3-gateway.js'

interface S3rver {
  run(): Promise<{ port: number }>
  close(): Promise<void>
  readonly httpServer: Server
}
// It has no types of its own.
const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => S3rver

export const BUCKET = 'almanac-test'
/** s3rver knows this account. */
export const keys = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }

export interface S3TestServer {
  readonly port: number
  readonly endpoint: string
  /** Keys of the multipart uploads that nobody completed or aborted. */
  openUploads(): Promise<readonly string[]>
  close(): Promise<void>
}

type GatewayBehaviour = Pick<S3GatewayOptions, 'pageKeys' | 'conditionalWrites'>

/** s3rver with an empty bucket in a folder of its own, behind the gateway that does what it does not. */
export async function startS3TestServer(behaviour: GatewayBehaviour = {}): Promise<S3TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'almanac-s3-'))
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: BUCKET, configs: [] }],
  })
  const { port: upstream } = await server.run()
  const uploadFolder = (bucket: string) => join(directory, bucket, '._S3rver_uploads')
  const listUploads = async (bucket: string) => {
    const ids = await readdir(uploadFolder(bucket)).catch(() => [] as string[])
    const found = ids.map(async (id) => ({
      id,
      key: await readFile(join(uploadFolder(bucket), id, 'key'), 'utf8').catch(() => null),
    }))
    return (await Promise.all(found)).filter((upload): upload is { id: string; key: string } => upload.key !== null)
  }
  const gateway = await startS3Gateway({
    ...behaviour,
    upstream,
    keys,
    listUploads,
    partBytes: async (bucket, id, part) =>
      (await stat(join(uploadFolder(bucket), id, part)).catch(() => null))?.size ?? null,
    removeUpload: (bucket, id) => rm(join(uploadFolder(bucket), id), { recursive: true, force: true }),
  })
  return {
    port: gateway.port,
    endpoint: `http://127.0.0.1:${gateway.port}`,
    openUploads: async () => (await listUploads(BUCKET)).map(({ key }) => key),
    async close() {
      await gateway.close()
      const closing = server.close()
      server.httpServer.closeAllConnections()
      await closing
      await rm(directory, { recursive: true, force: true })
    },
  }
}
