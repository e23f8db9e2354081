/** A number with so many digits that count: rates lie orders of magnitude apart. */
export const significant = (value: number, digits = 4): number => Number(value.toPrecision(digits))
