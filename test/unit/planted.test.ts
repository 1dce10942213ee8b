import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { plants } from '../planted/plants.ts';

it.each(plants)('there is one place, and a guard, for the planted bug “$name”', (plant) => {
  expect(readFileSync(plant.file, 'utf8').split(plant.from)).toHaveLength(2);
  if ('test' in plant.caughtBy) expect(existsSync(plant.caughtBy.test)).toBe(true);
});
