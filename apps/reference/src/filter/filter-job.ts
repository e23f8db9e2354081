import { FormatError, type ProfileName, type Storage, StorageError, type StoredFile } from '@almanac/data-filter'

/** What `almanac filter` was asked for, in full: any machine makes the same pipeline of it. It lies in the results' folder. */
export interface FilterJob {
  readonly almanac: 'filter-job'
  readonly version: 1
  readonly inputs: { readonly location: string; readonly files: readonly StoredFile[] }
  readonly profile: ProfileName
  /** Null keeps all. */
  readonly languages: readonly string[] | null
  /** `eld` or the path of a fastText model. */
  readonly languageModel: string
  /** A folder of lists, or null for no filter of URLs. */
  readonly urlLists: string | null
  readonly extractor: 'readability' | 'density' | 'none'
  readonly timeoutMs: number
  readonly duplicates: 'sha1' | 'xxhash64' | 'exact' | 'none'
  readonly keep: 'first' | 'longest'
  /** Least similarity that pairs are measured for; null takes their buckets' word. */
  readonly similarity: number | null
  readonly personalData: boolean
  /** Files of documents that must not be trained on. */
  readonly benchmarks: readonly string[]
  /** A folder with tokenizer.json, or null for no tokens. */
  readonly tokenizer: string | null
  readonly shards: number
  readonly keepDropped: boolean
  readonly attributes: boolean
}

const JOB_FILE = 'job.json'

/** Writes the job down where there is none. */
export async function saveJob(storage: Storage, job: FilterJob): Promise<void> {
  await storage.create(JOB_FILE, new TextEncoder().encode(`${JSON.stringify(job, null, 1)}\n`))
}

/** The job of a results' folder, or null. Throws FormatError where the file is something else. */
export async function findJob(storage: Storage): Promise<FilterJob | null> {
  if ((await storage.size(JOB_FILE)) === null) return null
  const where = `${storage.location}/${JOB_FILE}`
  const parts: Uint8Array[] = []
  for await (const piece of storage.read(JOB_FILE)) parts.push(piece)
  let job: Partial<FilterJob> | null = null
  try {
    job = JSON.parse(Buffer.concat(parts).toString())
  } catch {
    // The error below says what is wrong.
  }
  if (job?.almanac === 'filter-job' && job.version === 1) return job as FilterJob
  throw new FormatError(where, 'a job that almanac filter wrote', 'something else', 'Give another folder as --out.')
}

/** The same, where it must be there. Throws StorageError. */
export async function readJob(storage: Storage): Promise<FilterJob> {
  const job = await findJob(storage)
  if (job) return job
  throw new StorageError(
    `${storage.location}/${JOB_FILE}`,
    'the job of a run',
    'no such file',
    'Name the folder of "almanac filter <inputs> --out <folder>".',
  )
}

/** The first option in which two jobs differ, for people. */
export function jobDifference(had: FilterJob, has: FilterJob): string | null {
  for (const key of Object.keys(has) as (keyof FilterJob)[]) {
    if (JSON.stringify(had[key]) === JSON.stringify(has[key])) continue
    if (key === 'inputs') return `other inputs (${had.inputs.files.length} files in ${had.inputs.location})`
    return `${key} ${JSON.stringify(had[key])}`
  }
  return null
}
