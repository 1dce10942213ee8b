import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { syncDirectory, writeFileAtomically } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { AgentIdentity } from './identity.ts';

const Schema = Type.Object({
  nodeId: Type.String({ pattern: '^nod_[0-9a-z]{16}$' }),
  nodeName: Type.String(),
  incarnation: Type.Integer({ minimum: 1 }),
  controllerAddress: Type.String(),
  enrolmentAddress: Type.String(),
  privateKey: Type.String(),
  certificate: Type.String(),
  caCertificate: Type.String(),
  nextCaCertificate: Type.Optional(Type.String()),
  journalBegun: Type.Optional(Type.Boolean()),
});

/** More than an identity takes, with two CAs. */
const roomBytes = 16 << 10;

/**
 * The node's identity in the state directory. `identity.json` is replaced as a whole, key and certificate together;
 * `joining.key` is the key of a join that has not been answered yet. Both are for the owner only.
 */
export class IdentityFile {
  readonly #directory: string;
  readonly #path: string;
  readonly #joiningPath: string;

  constructor(stateDirectory: string) {
    this.#directory = stateDirectory;
    this.#path = join(stateDirectory, 'identity.json');
    this.#joiningPath = join(stateDirectory, 'joining.key');
  }

  /** @throws TurnpikeError `environment` when it cannot be read or is damaged */
  async load(): Promise<AgentIdentity | undefined> {
    const text = await this.#read(this.#path);
    if (text === undefined) return undefined;
    try {
      return Value.Parse(Schema, JSON.parse(text));
    } catch {
      throw new TurnpikeError('environment', `${this.#path} does not hold a node's identity`, {
        remedy: 'restore it from a backup, or join anew with --force-new',
      });
    }
  }

  save(identity: AgentIdentity): Promise<void> {
    return this.#write(this.#path, `${JSON.stringify(identity, undefined, 2)}\n`);
  }

  /** @throws TurnpikeError `environment` when there is no room for an identity */
  async checkRoom(): Promise<void> {
    // Beside it: the identity itself may have been replaced by a join meanwhile.
    const trial = `${this.#path}.trial`;
    await this.#write(trial, ' '.repeat(roomBytes)).finally(() => this.#clear(trial));
  }

  async #clear(trial: string): Promise<void> {
    for (const path of [trial, `${trial}.new`]) await rm(path, { force: true }).catch(() => undefined);
  }

  /** PEM. */
  loadJoiningKey(): Promise<string | undefined> {
    return this.#read(this.#joiningPath);
  }

  async saveJoiningKey(privateKey: string): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new TurnpikeError('environment', `${this.#directory} cannot be made: ${errorCode(error)}`, {
        remedy: remedyFor(errorCode(error)),
      });
    }
    await this.#write(this.#joiningPath, privateKey);
  }

  async dropJoiningKey(): Promise<void> {
    await rm(this.#joiningPath, { force: true });
    await syncDirectory(this.#directory);
  }

  async #read(path: string): Promise<string | undefined> {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT') return undefined;
      throw new TurnpikeError('environment', `${path} cannot be read: ${code}`, { remedy: remedyFor(code) });
    }
  }

  async #write(path: string, text: string): Promise<void> {
    try {
      await writeFileAtomically(path, text);
    } catch (error) {
      const code = errorCode(error);
      throw new TurnpikeError('environment', `${path} cannot be written: ${code}`, {
        remedy: remedyFor(code),
      });
    }
  }
}

/** @throws TurnpikeError `not_found` when this machine has not joined */
export async function loadIdentity(stateDirectory: string): Promise<AgentIdentity> {
  const identity = await new IdentityFile(stateDirectory).load();
  if (identity) return identity;
  throw new TurnpikeError('not_found', `${stateDirectory} holds no node: this machine has not joined`, {
    remedy: 'run the join command that "turnpike node add" prints',
  });
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function remedyFor(code: string): string {
  if (code === 'EACCES' || code === 'EPERM') return 'run it as root';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'make room on the disk';
  if (code === 'EROFS') return 'the file system is read-only; choose another state directory or remount it';
  return 'look at the state directory in the configuration';
}
