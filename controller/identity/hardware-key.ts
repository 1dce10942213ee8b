import { TurnpikeError } from '../../common/errors.ts';
import { createSecretFile, readSecretFile, type SecretFile } from './secret-file.ts';

/** Where the key lies under which hardware ids are hashed: beside the database, never in it. */
export interface HardwareKeyStore {
  /** For messages. */
  readonly path: string;
  /** 32 bytes. */
  load(): Promise<Uint8Array | undefined>;
  /** @throws TurnpikeError `conflict` when there is one already */
  create(key: Uint8Array): Promise<void>;
}

/** The key in hex, in a file of mode 0600. */
export function hardwareKeyFile(path: string): HardwareKeyStore {
  const file: SecretFile = {
    path,
    what: 'the key of the hardware ids',
    whenRead: 'it can try out hardware ids against a copy of the database',
  };
  return {
    path,
    load: async () => {
      const text = (await readSecretFile(file))?.trim();
      if (text === undefined) return undefined;
      if (!/^[0-9a-f]{64}$/.test(text)) {
        throw new TurnpikeError('environment', `${path} does not hold a key of 32 bytes in hex`, {
          remedy: 'restore it from a backup',
        });
      }
      return new Uint8Array(Buffer.from(text, 'hex'));
    },
    create: (key) => createSecretFile(file, `${Buffer.from(key).toString('hex')}\n`),
  };
}
