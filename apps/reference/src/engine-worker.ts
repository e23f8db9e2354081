/** What the server's worker thread is started with. */
export interface EngineData {
  readonly almanac: 'engine'
  readonly id: string
  readonly checkpoint: string
  readonly tokenizer?: string
  readonly backend?: string
  readonly threads?: string
}

/** Whether a thread was started to be the engine. */
export function isEngineData(data: unknown): data is EngineData {
  return (data as Partial<EngineData> | null)?.almanac === 'engine'
}

/** The worker thread of `almanac serve`: loads the model and writes text for the thread that answers requests. */
export async function engineWorker(): Promise<void> {
  // Loaded here, so that commands without a server start without it.
  const [{ localEngine, serveEngine }, { chooseDevice }, { loadModel }] = await Promise.all([
    import('@almanac/serving'),
    import('./choose-device.js'),
    import('./load-model.js'),
  ])
  await serveEngine<EngineData>(async ({ id, checkpoint, tokenizer: file, backend, threads }) => {
    await chooseDevice('serve', backend, threads)
    const { model, tokenizer, tokenizerConfig, eosIds } = await loadModel('serve', checkpoint, file)
    return localEngine(model, tokenizer, { id, tokenizerConfig, eosIds })
  })
}
