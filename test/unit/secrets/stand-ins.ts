import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** What must be in no error, log line or answer: a private key, a preshared key, the address of a client. */
export const canaries = {
  privateKey: 'QNd1mfHnCk0pWq7yZr5uXeTvAa3LsBgJh2VxOiE8oUk=',
  presharedKey: 'kW9vTzR4yEhYb6NfDcJ0mGxUaQ2sPpLo7iKw5tHnVqM=',
  endpoint: '203.0.113.177:38913',
} as const;

/** Any ten characters of a canary in a row, as programs quote parts; in hex too, as wireguard-go writes keys. */
export function leaksIn(text: string): string[] {
  const secrets = Object.values(canaries).flatMap((secret) => [
    secret,
    Buffer.from(secret, 'base64').toString('hex'),
  ]);
  return secrets.filter((secret) =>
    Array.from({ length: secret.length - 9 }, (_, start) => secret.slice(start, start + 10)).some((part) =>
      text.includes(part),
    ),
  );
}

const { privateKey, presharedKey, endpoint } = canaries;
const line = `private_key=${privateKey} ${presharedKey} ${endpoint}`;

/** What programs print that should not, each as it was seen or may be: the shapes that our parsers ask for, nearly. */
const outputs = {
  words: line,
  'keys first': `${privateKey}\t${presharedKey}\n${presharedKey}\t${endpoint}\n`,
  'two columns': `R3yVVzHGnZgPDJQQHt0FLBBS6uCMJJhEMXAS9jPyCXs=\t${line}\n`,
  'three columns': `R3yVVzHGnZgPDJQQHt0FLBBS6uCMJJhEMXAS9jPyCXs=\t${presharedKey}\t${endpoint}\n`,
  'broken JSON': `{"nftables": [{"key": ${privateKey}}]}`,
  'JSON of another kind': JSON.stringify({ privateKey, presharedKey, endpoint }),
  'a JSON list of words': JSON.stringify([privateKey, endpoint]),
  'a list of strange rows': `[{"ifname": {"${privateKey}": 1}, "dst": 7, "flags": "${endpoint}", "linkinfo": "${presharedKey}"}]`,
  'a listing with words for numbers': JSON.stringify({
    nftables: [
      { quota: { family: 'inet', table: 'turnpike', name: 'q_a', bytes: privateKey, used: endpoint } },
      { limit: { family: 'inet', table: 'turnpike', name: 'l_a', rate: presharedKey, rate_unit: endpoint } },
      {
        set: {
          family: 'inet',
          table: 'turnpike',
          name: 'up4',
          elem: [{ elem: { val: endpoint, counter: { bytes: privateKey } } }],
        },
      },
    ],
  }),
  'a listing of nothing': '{"nftables": [null, {"chain": null}, {"quota": 7}]}',
  nothing: '',
} as const;

/** How a stand-in behaves: it prints and ends well, fails, crashes, or hangs. */
export const behaviours = [
  ...Object.keys(outputs).map((output) => ({ output, end: 'exit 0' })),
  { output: 'words', end: 'exit 1' },
  { output: 'broken JSON', end: 'exit 127' },
  { output: 'words', end: 'kill -SEGV $$' },
  { output: 'words', end: 'exec sleep 60' },
] as { output: keyof typeof outputs; end: string }[];

const programs = [
  'wg',
  'nft',
  'ip',
  'wireguard-go',
  'systemctl',
  'modprobe',
  'timedatectl',
  'systemd-notify',
];

/** Programs by the names of those that the product runs, first in PATH until `remove`. */
export class StandIns {
  readonly #directory: string;
  readonly #path = process.env['PATH'] ?? '';

  private constructor(directory: string) {
    this.#directory = directory;
    process.env['PATH'] = `${directory}${delimiter}${this.#path}`;
  }

  static async install(): Promise<StandIns> {
    return new StandIns(await mkdtemp(join(tmpdir(), 'turnpike-stand-ins-')));
  }

  async behave({ output, end }: (typeof behaviours)[number]): Promise<void> {
    await writeFile(join(this.#directory, 'output'), outputs[output]);
    const script = `#!/bin/sh\necho "$0" >>${this.#directory}/ran\ncat ${this.#directory}/output; cat ${this.#directory}/output >&2; ${end}\n`;
    for (const program of programs) {
      await writeFile(join(this.#directory, program), script);
      await chmod(join(this.#directory, program), 0o755);
    }
    await writeFile(join(this.#directory, 'ran'), '');
  }

  /** How often any of them was run since they were told how to behave. */
  async runs(): Promise<number> {
    return (await readFile(join(this.#directory, 'ran'), 'utf8')).split('\n').length - 1;
  }

  async remove(): Promise<void> {
    process.env['PATH'] = this.#path;
    await rm(this.#directory, { recursive: true });
  }
}
