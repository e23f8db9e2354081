import { AbortError, ArgumentError, type FoundBackend, init } from '@almanac/tensor-core'
import { explainFailure } from './explain-failure.js'
import { type Report, type Request, readRequest } from './protocol.js'
import { type TrainingSession, trainingSession } from './training-session.js'

export interface WorkerParts {
  readonly find: () => Promise<readonly FoundBackend[]>
  readonly report: (report: Report) => void
}

/**
 * What the worker does with a message. One run a worker: its end, which the page brings about, frees everything. Whatever
 * fails is reported, in words.
 */
export function answerRequests({ find, report }: WorkerParts): (message: unknown) => Promise<void> {
  let finding: Promise<readonly FoundBackend[]> | null = null
  let session: TrainingSession | null = null
  let run = new AbortController()

  const found = () => {
    finding ??= find()
    return finding
  }
  const tellBackends = async () => {
    const backends = (await found()).map(({ name, works, detail }) => ({ name, works, detail }))
    report({ type: 'backends', backends })
  }
  const start = async ({ text, settings, sample }: Extract<Request, { type: 'train' }>) => {
    run = new AbortController()
    const { signal } = run
    const backend = (await found()).find(({ name }) => name === settings.backend)
    if (!backend?.works || !backend.device) {
      const got = `${settings.backend}: ${backend?.detail ?? 'not found'}`
      throw new ArgumentError('backend', 'one that works here', got, 'Choose another.')
    }
    const device = await init(backend.device)
    session = trainingSession({ device, text, settings, sample, report })
    await session.run(signal)
  }
  const answer = async (request: Request): Promise<void> => {
    switch (request.type) {
      case 'find':
        return tellBackends()
      case 'train':
        return start(request)
      case 'stop':
        return run.abort()
      case 'sample':
        if (!session) throw new ArgumentError('sample', 'a model', 'none yet', 'Start training first.')
        return session.write(request.sample)
    }
  }

  return async (message) => {
    try {
      await answer(readRequest(message))
    } catch (error) {
      if (!(error instanceof AbortError)) report({ type: 'failed', ...explainFailure(error) })
    }
  }
}
