import { defineConfig } from 'vitest/config';

/** Scenarios share the machine's namespaces and its two cores: one at a time. */
const lab = (name: string, include: string[]) => ({
  test: {
    ...{ name, include, environment: 'node' as const, fileParallelism: false },
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    // Both cores: half of the time a test waits for something.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'common/**/*.test.ts',
            'agent/**/*.test.ts',
            'controller/**/*.test.ts',
            'test/unit/**/*.test.ts',
          ],
          environment: 'node',
          // Long enough for a busy machine: what a test waits for is a condition, never a time.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      lab('lab', ['test/scenarios/**/!(*.long).test.ts']),
      // Too long to be waited for each time: npm run test:long.
      lab('long', ['test/scenarios/**/*.long.test.ts']),
    ],
  },
});
