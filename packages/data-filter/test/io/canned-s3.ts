import { type S3StorageOptions, s3Storage } from '@almanac/data-filter/io'

export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: Uint8Array | undefined
}

/** A storage whose service gives these answers, one after the other, and the requests that it was asked. */
export function cannedS3(answers: readonly (Response | Error)[], options: Partial<S3StorageOptions> = {}) {
  const asked: Asked[] = []
  const storage = s3Storage({
    bucket: 'bucket',
    endpoint: 'https://s3.test',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    firstDelayMs: 0,
    retries: 2,
    async fetch(url, { method = '', headers, body }) {
      asked.push({ method, url, headers: new Headers(headers), body: body as Uint8Array | undefined })
      const answer = answers[asked.length - 1]
      if (answer === undefined) throw new Error(`no answer for request ${asked.length}`)
      if (answer instanceof Error) throw answer
      return answer
    },
    ...options,
  })
  return { storage, asked }
}

export const xmlError = (status: number, code: string, message: string, headers: Record<string, string> = {}) =>
  new Response(`<Error><Code>${code}</Code><Message>${message}</Message><RequestId>r-1</RequestId></Error>`, {
    status,
    headers,
  })
