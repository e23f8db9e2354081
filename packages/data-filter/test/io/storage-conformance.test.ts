import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStorage } from '@almanac/data-filter'
import { fileStorage, type S3StorageOptions, s3Storage } from '@almanac/data-filter/io'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { BUCKET, keys, type S3TestServer, startS3TestServer } from './s3-test-server.js'
import { storageConformance } from './storage-conformance.js'

let count = 0

describe('memoryStorage', () => {
  storageConformance({ fresh: async () => memoryStorage(), refuses: false, large: 200_000 })
})

describe('fileStorage', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'almanac-files-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  storageConformance({
    // A folder that is not there yet.
    fresh: async () => fileStorage(join(folder, `deep/${count++}`)),
    again: ({ location }) => fileStorage(location),
    refuses: true,
    large: 2_500_001,
  })
})

describe('s3Storage on s3rver', () => {
  let server: S3TestServer
  beforeAll(async () => {
    server = await startS3TestServer()
  })
  afterAll(() => server.close())

  const open = (prefix: string) =>
    s3Storage({ bucket: BUCKET, prefix, endpoint: server.endpoint, credentials: keys, partBytes: 5 * 2 ** 20 })
  storageConformance({
    fresh: async () => open(`run ${count++}/é`),
    again: ({ location }) => open(location.slice(`s3://${BUCKET}/`.length)),
    refuses: true,
    // Three parts.
    large: 11 * 2 ** 20,
  })
})

const { ALMANAC_S3_ENDPOINT: endpoint, ALMANAC_S3_BUCKET: bucket = '' } = process.env

describe('s3Storage on another service', () => {
  if (!endpoint) {
    it('keeps the contract', (context) =>
      context.skip(
        'set ALMANAC_S3_ENDPOINT, ALMANAC_S3_BUCKET and the keys of AWS to run the suite on a service of your own',
      ))
    return
  }
  const {
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
    AWS_REGION: region,
  } = process.env
  const options: S3StorageOptions = { bucket, endpoint, region, credentials: { accessKeyId, secretAccessKey } }
  const open = (prefix: string) => s3Storage({ ...options, prefix, partBytes: 5 * 2 ** 20 })
  storageConformance({
    fresh: async () => open(`almanac-${Date.now()}-${count++}`),
    again: ({ location }) => open(location.slice(`s3://${bucket}/`.length)),
    refuses: true,
    large: 11 * 2 ** 20,
  })
})
