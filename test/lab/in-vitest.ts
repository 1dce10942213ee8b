import { onTestFailed } from 'vitest';
import { createLab, type Lab, type LabOptions } from './lab.ts';

/** {@link createLab} for a test: when the test fails, its logs are shown. */
export async function labForTest(options: LabOptions): Promise<Lab> {
  const lab = await createLab(options);
  onTestFailed(() => console.error(lab.logs()));
  return lab;
}
