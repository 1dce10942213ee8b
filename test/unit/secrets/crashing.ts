import { runCommand } from '../../../common/command.ts';
import { forbidCoreDumps } from '../../../common/core-dumps.ts';
import { endOnCrash } from '../../../common/crash.ts';
import { canaries } from './stand-ins.ts';

// A program of ours that crashes in the way that its argument names, with secrets in what it throws.
const { privateKey, presharedKey, endpoint } = canaries;
const foreign = () =>
  Object.assign(new Error('connect failed', { cause: { privateKey } }), {
    stderr: presharedKey,
    address: endpoint,
  });

const crashes: Record<string, () => void> = {
  throws: () => {
    throw foreign();
  },
  rejects: () => void Promise.reject(foreign()),
  'rejects with words': () => void Promise.reject(privateKey),
  parses: () => void JSON.parse(`[${privateKey}]`),
  converts: () => void BigInt(presharedKey),
};

endOnCrash('turnpike-test');
await forbidCoreDumps(runCommand, process.pid);
process.stdout.write(await runCommand(['cat', '/proc/self/limits', '/proc/self/coredump_filter']));
setImmediate(() => crashes[process.argv[2] ?? '']?.());
