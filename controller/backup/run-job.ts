import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, TurnpikeError } from '../../common/errors.ts';
import type { Job } from './jobs.ts';

/** undefined: it was done. */
export type JobResult =
  | { readonly code: ErrorCode; readonly message: string; readonly remedy: string | undefined }
  | undefined;

/** Does a job in a thread of its own; whoever serves meanwhile waits for nothing. @throws TurnpikeError as the job does */
export async function runJob(job: Job): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: job,
    // Moved there, not copied: it is as large as the database.
    transferList: job.kind === 'write' ? [job.database.buffer as ArrayBuffer] : [],
  });
  const [result] = (await once(worker, 'message')) as [JobResult];
  await worker.terminate();
  if (result === undefined) return;
  throw new TurnpikeError(result.code, result.message, {
    ...(result.remedy !== undefined && { remedy: result.remedy }),
  });
}
