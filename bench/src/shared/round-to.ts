/** A number with so many digits behind the point. */
export const roundTo = (value: number, digits: number): number => Number(value.toFixed(digits))
