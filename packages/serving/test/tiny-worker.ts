// The entry of the engine's worker in the tests. Its data says how it should fail, if it should.
import { type Engine, serveEngine } from '../src/index.js'
import { tinyEngine } from './tiny-engine.js'

void serveEngine(async ({ fails }: { fails?: 'loading' | 'dying' }): Promise<Engine> => {
  if (fails === 'loading') throw new Error('no such model')
  const engine = tinyEngine()
  if (fails !== 'dying') return engine
  return {
    ...engine,
    async *complete(request, signal) {
      let pieces = 0
      for await (const event of engine.complete(request, signal)) {
        if (++pieces === 5) process.exit(3)
        yield event
      }
    },
  }
})
