import { onTestFailed } from 'vitest';
import { createLab, type Lab, type LabOptions } from './lab.ts';

/**
 * {@link createLab} for a test: when the test fails, its logs are shown.
 * @param onFailed the test's own `onTestFailed`, where tests run beside each other
 */
export async function labForTest(options: LabOptions, onFailed = onTestFailed): Promise<Lab> {
  const lab = await createLab(options);
  onFailed(() => console.error(lab.logs()));
  return lab;
}
