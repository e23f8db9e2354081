/** A worker of the page. The site's build finds its file by this very expression. */
export const spawnWorker = (): Worker => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
