import type { Options } from 'tsup'

/** ESM only, Node 20, declarations and source maps; one entry for each path of the package's export map and bin. */
export declare function almanac(overrides?: Options): Options | Options[]
