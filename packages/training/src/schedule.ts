/** The learning rate of an update: a pure function of its number, counted from 0. */
export type Schedule = (step: number) => number
