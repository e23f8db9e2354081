/** The object in a Hugging Face tokenizer.json; what is not read here is passed on as it is. */
export type HuggingFaceTokenizer = {
  readonly model: {
    readonly type?: string
    readonly vocab: Readonly<Record<string, number>>
    readonly [field: string]: unknown
  }
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special: boolean }[]
  readonly [field: string]: unknown
}

/** The object in a tokenizer_config.json. Tokens are texts, or objects that carry theirs as `content`. */
export type HuggingFaceTokenizerConfig = {
  readonly bos_token?: string | { readonly content: string } | null
  readonly eos_token?: string | { readonly content: string } | null
  /** A Jinja template, or several by name. */
  readonly chat_template?: string | readonly { readonly name: string; readonly template: string }[] | null
  readonly [field: string]: unknown
}
