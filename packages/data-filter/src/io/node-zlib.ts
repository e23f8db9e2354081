/** Node's zlib; undefined in a browser. Asked for at run time, so that bundlers need to know nothing of it. */
export function nodeZlib(): typeof import('node:zlib') | undefined {
  return globalThis.process?.getBuiltinModule?.('node:zlib')
}
