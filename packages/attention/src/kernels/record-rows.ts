/** Rows of a group of row records: the least that a pass of the gradients takes together. */
export const RECORD_ROWS = 32
