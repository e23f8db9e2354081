/** True in Node, false in a browser's page or worker. */
export const onNode = (): boolean => typeof process === 'object' && typeof process.versions?.node === 'string'
