/** Workgroups below which a large GPU has idle cores (an H100 has 132, an RTX 4090 128, an M4 Max 40). */
export const ENOUGH_GROUPS = 128
