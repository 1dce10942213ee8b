import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import type { Host } from './host.ts';

/** Whether this machine can make disks out of files; in CI it must. */
export const canMakeDisks = existsSync('/dev/loop-control') || process.env['CI'] !== undefined;

/**
 * A disk of its own for one directory of one program, which alone sees it: it fills up or fails without harm to anything
 * else, and keeps what is on it when the program ends. Mounted as long as the program runs that was started with
 * {@link prefix}.
 */
export class Disk {
  readonly #host: Host;
  readonly #image: string;
  readonly #directory: string;

  private constructor(host: Host, image: string, directory: string) {
    this.#host = host;
    this.#image = image;
    this.#directory = directory;
  }

  static async make(host: Host, directory: string, megabytes: number): Promise<Disk> {
    const image = host.file('disk.img');
    await host.run(['truncate', '-s', `${megabytes}M`, image]);
    // No blocks are kept for root, as whom the lab runs.
    await host.run(['mkfs.ext4', '-q', '-m', '0', image]);
    return new Disk(host, image, directory);
  }

  /** Words to start the program with. */
  prefix(options: 'rw' | 'ro' = 'rw'): string[] {
    const mount = 'mount -o "loop,$2" "$0" "$1" && shift 2 && exec "$@"';
    return ['unshare', '-m', 'sh', '-c', mount, this.#image, this.#directory, options];
  }

  /**
   * Keeps it mounted for programs that come and go, and for what they leave running. Gives the words to start them with,
   * and the process id that {@link fill} and the like want.
   */
  async hold(): Promise<{ prefix: readonly string[]; pid: number }> {
    const argv = [...this.prefix(), 'sh', '-c', 'echo mounted; exec sleep infinity'];
    const holder = this.#host.start('disk', argv);
    await holder.said(/mounted/, 10_000);
    return { prefix: ['nsenter', '-t', String(holder.pid), '-m'], pid: holder.pid };
  }

  /** Takes up all the room that is left, as seen by the program with this process id. */
  fill(pid: number): void {
    const file = openSync(this.#filling(pid), 'a');
    try {
      for (const size of [65_536, 4096, 512, 1]) writeUntilFull(file, Buffer.alloc(size));
    } finally {
      closeSync(file);
    }
  }

  makeRoom(pid: number): void {
    rmSync(this.#filling(pid));
  }

  /** What the kernel does to a disk that fails: files that are open for writing can be read still, and no more. */
  async turnReadOnly(pid: number): Promise<void> {
    const enter = ['nsenter', '-t', String(pid), '-m'];
    await this.#host.run([...enter, 'mount', '-o', 'remount,abort', this.#directory]);
  }

  /** What the operator does then, once the program has ended. */
  async mend(): Promise<void> {
    await this.unmounted();
    const { exitCode = 8, stdout } = await this.#host.tryRun(['e2fsck', '-f', '-y', this.#image]);
    // 1: there were errors, and they are corrected.
    if (exitCode > 1) throw new Error(`e2fsck: ${stdout}`);
  }

  /** Waits until no program has it mounted any more. */
  async unmounted(): Promise<void> {
    const look = async () => (await this.#host.run(['losetup', '-j', this.#image])) === '';
    await eventually(`${this.#image} is unmounted`, look, { within: 10_000 });
  }

  #filling(pid: number): string {
    return join(`/proc/${pid}/root`, this.#directory, 'filling');
  }
}

function writeUntilFull(file: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(file, bytes);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
