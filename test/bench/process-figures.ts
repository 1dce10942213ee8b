import { readFileSync, writeFileSync } from 'node:fs';

/** Seconds of processor time that a process has had. */
export function processorSeconds(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user = 0, system = 0] = fields.split(' ').slice(11, 13).map(Number);
  return (user + system) / 100;
}

/** What it has in memory. */
export const residentMegabytes = (pid: number) => megabytes(pid, 'VmRSS');

/** The most that it had, since its start or since that was forgotten. */
export const peakMegabytes = (pid: number) => megabytes(pid, 'VmHWM');

/** proc(5): 5 written to clear_refs resets the peak to what is in memory now. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function megabytes(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
}
