import { fileStorage } from '../../src/io/index.js'
import { serveTasks } from '../../src/pipeline/index.js'
import { smallPipeline } from './small-corpus.js'

/** What the threads of the tests run; `dies` ends the thread in its first unit, once for each folder that `marks` names. */
export const serve = (): Promise<void> =>
  serveTasks(async (data) => {
    const { inputs, out, dies } = data as { inputs: string; out: string; dies: boolean }
    const storage = fileStorage(out)
    const pipeline = await smallPipeline(fileStorage(inputs))
    const deadly = {
      ...storage,
      async write(name: string, pieces: Parameters<typeof storage.write>[1]) {
        const file = await storage.write(name, pieces)
        // The first of all threads that come here.
        if (name.startsWith('segments/') && (await storage.create('died', new Uint8Array()))) process.exit(7)
        return file
      },
    }
    return { pipeline, storage: dies ? deadly : storage }
  })
