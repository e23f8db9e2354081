/** What a request is answered with when it fails, in OpenAI's form. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: 400 | 401 | 404 | 413 | 422 | 429 | 500 | 503,
    message: string,
    readonly details: {
      readonly type?: string
      /** The field of the request. */
      readonly param?: string | null
      readonly code?: string | null
      readonly headers?: Readonly<Record<string, string>>
    } = {},
  ) {
    super(message)
  }

  /** The body. Source: OpenAI's API reference, "Error codes"; llama.cpp's and vLLM's servers answer so too. */
  toJSON() {
    const {
      type = this.status >= 500 ? 'server_error' : 'invalid_request_error',
      param = null,
      code = null,
    } = this.details
    return { error: { message: this.message, type, param, code } }
  }

  toResponse(): Response {
    return Response.json(this.toJSON(), { status: this.status, headers: this.details.headers ?? {} })
  }
}
