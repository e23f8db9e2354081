import { DataFilterError } from '../data-filter-error.js'
import type { JsonValue } from '../document.js'
import type { Storage } from '../storage.js'
import type { Pipeline } from './pipeline.js'
import { runTask } from './run-task.js'
import type { TaskFailure, TaskMessage, TaskOrder, TaskThreadData } from './task-messages.js'

/** Makes a pipeline and its storage anew in a thread, from what `runOnThreads` was given for it. */
export type OpenPipeline = (data: JsonValue) => Promise<{ readonly pipeline: Pipeline; readonly storage: Storage }>

const PROGRESS_MS = 100

/** The other end of `runOnThreads`: does the tasks that it is given, until it is ended. */
export async function serveTasks(open: OpenPipeline): Promise<void> {
  const { parentPort, workerData } = await import('node:worker_threads')
  const say = (message: TaskMessage) => parentPort?.postMessage(message)
  try {
    const { pipeline, storage } = await open((workerData as TaskThreadData).data)
    parentPort?.on('message', async (order: TaskOrder) => {
      let last = 0
      try {
        const summary = await runTask({
          ...{ pipeline, storage, ...order },
          onProgress(progress) {
            const now = performance.now()
            if (now - last < PROGRESS_MS && progress.unitsDone < progress.units) return
            last = now
            say({ kind: 'progress', progress })
          },
        })
        say({ kind: 'done', summary })
      } catch (error) {
        say({ kind: 'failed', error: failureOf(error) })
      }
    })
    say({ kind: 'ready' })
  } catch (error) {
    say({ kind: 'failed', error: failureOf(error) })
  }
}

function failureOf(error: unknown): TaskFailure {
  if (error instanceof DataFilterError) {
    const { name, message, where, expected, got, hint } = error
    return { name, message, parts: [where, expected, got, hint] }
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  return { name, message, parts: null }
}
