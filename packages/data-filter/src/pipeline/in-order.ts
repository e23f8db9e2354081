/**
 * Maps items with a few on their way at once; results come in the order of the items. The source is asked for no more than that many
 * items ahead of what was taken.
 */
export async function* inOrder<T, R>(
  source: AsyncIterable<T>,
  ahead: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = []
  try {
    for await (const item of source) {
      const job = map(item)
      // It is awaited in its turn; a failure before that must not end the process.
      job.catch(() => {})
      running.push(job)
      if (running.length >= ahead) yield await (running.shift() as Promise<R>)
    }
    while (running.length > 0) yield await (running.shift() as Promise<R>)
  } finally {
    await Promise.allSettled(running)
  }
}
