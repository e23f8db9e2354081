import { fileSource, type RandomAccess } from '@almanac/tensor-core/safetensors'

/** The files of a model by their names: a folder, a page's own storage, a server. */
export interface ModelFiles {
  /** The file's bytes, or null where there is none. The caller closes it. */
  read(name: string): Promise<RandomAccess | null>
}

/** The files of a folder, in Node. */
export function folderFiles(folder: string): ModelFiles {
  return {
    async read(name) {
      try {
        return await fileSource(`${folder}/${name}`)
      } catch (error) {
        if ((error as { code?: string }).code === 'ENOENT') return null
        throw error
      }
    },
  }
}
