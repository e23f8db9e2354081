import { DataFilterError, StorageError } from '../data-filter-error.js'

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'See what list gives.',
  ENOSPC: 'Free some space and start again; what was there before is whole.',
  EDQUOT: 'Free some of the quota and start again; what was there before is whole.',
  EACCES: 'Choose a folder that this user may use.',
  EPERM: 'Choose a folder that this user may use, on a file system that has hard links.',
  EROFS: 'Choose a folder that can be written.',
  ENOTDIR: 'A part of the path is a file; choose another name.',
  EEXIST: 'A part of the path is a file; choose another name.',
  EISDIR: 'There is a folder of that name; choose another one.',
  ENOTEMPTY: 'There is a folder of that name; choose another one.',
  ENAMETOOLONG: 'Choose a shorter name: most file systems take 255 bytes a part.',
  EMFILE: 'Raise the limit of open files, or read fewer files at once.',
  ENFILE: 'Raise the limit of open files, or read fewer files at once.',
  ENOTSUP: 'create needs a file system that has hard links; choose another folder.',
  EOPNOTSUPP: 'create needs a file system that has hard links; choose another folder.',
  EMLINK: 'create needs a file system that has hard links; choose another folder.',
}

export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code

/** Runs the body; what the operating system refuses becomes a StorageError, other errors pass. */
export async function intoStorageError<T>(where: string, expected: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } catch (error) {
    const code = codeOf(error)
    const { message, syscall } = error as NodeJS.ErrnoException
    if (error instanceof DataFilterError || code === undefined || syscall === undefined) throw error
    const what = /^[A-Z0-9_]+: ([^,]+)/.exec(message)?.[1] ?? message
    const failure = new StorageError(where, expected, `${code} (${what})`, hints[code] ?? '')
    failure.cause = error
    throw failure
  }
}
