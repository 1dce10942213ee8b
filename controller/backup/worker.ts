/** The thread of one job: says how it went, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { TurnpikeError } from '../../common/errors.ts';
import { doJob, type Job } from './jobs.ts';
import type { JobResult } from './run-job.ts';

const say = (result: JobResult) => parentPort?.postMessage(result);

try {
  await doJob(workerData as Job);
  say(undefined);
} catch (error) {
  const told = error instanceof TurnpikeError ? error : new TurnpikeError('internal', 'a backup failed');
  say({ code: told.code, message: told.message, remedy: told.remedy });
}
