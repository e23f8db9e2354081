/**
 * Probability that two texts of similarity s share a bucket: 1 - (1 - s^r)^b, b buckets of r minima.
 * Source: Leskovec, Rajaraman, Ullman 2020, "Mining of Massive Datasets", section 3.4.2; Penedo et al. 2024, section 3.4.
 */
export const collisionProbability = (similarity: number, buckets: number, hashesPerBucket: number): number =>
  1 - (1 - similarity ** hashesPerBucket) ** buckets
