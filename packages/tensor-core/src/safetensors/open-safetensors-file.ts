import { fileSource } from './file-source.js'
import { openSafetensors, type SafetensorsFile } from './read-safetensors.js'

/**
 * Opens a safetensors file by its path, in Node. Close it when done.
 *
 * @throws SafetensorsError naming the path when the file is malformed; Node's own error when it cannot be opened
 */
export async function openSafetensorsFile(path: string): Promise<SafetensorsFile> {
  const source = await fileSource(path)
  try {
    return await openSafetensors(source, { where: path })
  } catch (error) {
    await source.close?.()
    throw error
  }
}
