import type { Task } from '../../common/task.ts';
import type { Context } from '../books/context.ts';
import { recurring } from '../books/recurring.ts';
import type { Audit } from './audit.ts';

const everyMs = 10_000;

/** Writes down what was refused again and again. */
export function auditTask(context: Context, audit: Audit): Task {
  return recurring(context, {
    name: 'audit',
    everyMs,
    trouble: 'refused attempts could not be written down',
    work: () => audit.settleAttempts(),
  });
}
