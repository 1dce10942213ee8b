import { hkdfSync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { Decrypter, Encrypter, Stanza } from 'age-encryption';
import { decryptBytes, encrypt } from '../../common/aes-gcm.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { EnvelopeKey } from '../vault/envelope.ts';

const recipient = 'turnpike';
/** An age header with one recipient is far shorter. */
const mostHeaderBytes = 1000;

/**
 * Compressed and encrypted: an age file (age-encryption.org/v1) with one recipient, the envelope key, whose id is in the
 * clear.
 */
export async function sealFile(key: EnvelopeKey, bytes: Uint8Array): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient({
    wrapFileKey: (fileKey) => [new Stanza([recipient, key.id], encrypt(wrappingKey(key), fileKey, key.id))],
  });
  return encrypter.encrypt(await promisify(zstdCompress)(bytes));
}

/**
 * @param remedy what to do where it is not as it was written
 * @throws TurnpikeError `environment` when the key is another, or the file is not as it was written
 */
export async function openSealedFile(
  keys: readonly EnvelopeKey[],
  path: string,
  bytes: Uint8Array,
  remedy = 'take another backup',
): Promise<Uint8Array> {
  const id = keyIdOf(path, bytes.subarray(0, mostHeaderBytes), remedy);
  const key = keys.find((one) => one.id === id);
  if (key === undefined) {
    throw new TurnpikeError(
      'environment',
      `${path} is encrypted under envelope key ${id}, which is not at hand`,
      {
        remedy: `put the envelope key of the day on which it was made beside the one of today, as its name with .${id} behind it`,
      },
    );
  }
  const decrypter = new Decrypter();
  decrypter.addIdentity({
    unwrapFileKey: ([stanza]: readonly Stanza[]) =>
      decryptBytes(wrappingKey(key), stanza?.body ?? new Uint8Array(), id) ?? null,
  });
  try {
    return await promisify(zstdDecompress)(await decrypter.decrypt(bytes));
  } catch (error) {
    throw new TurnpikeError('environment', `${path} is damaged: it is not as it was written`, {
      remedy,
      cause: error,
    });
  }
}

/** The id of the envelope key under which a file is. @throws TurnpikeError `environment` */
export async function readKeyId(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mostHeaderBytes), 0, mostHeaderBytes, 0);
    return keyIdOf(path, buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function keyIdOf(path: string, header: Uint8Array, remedy?: string): string {
  const [, id] =
    /^age-encryption\.org\/v1\n-> turnpike ([0-9a-f]{16})\n/.exec(Buffer.from(header).toString('latin1')) ??
    [];
  if (id !== undefined) return id;
  throw new TurnpikeError('environment', `${path} is not a backup of Turnpike`, {
    ...(remedy !== undefined && { remedy }),
  });
}

function wrappingKey({ bytes }: EnvelopeKey): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', bytes, '', 'turnpike backup', 32));
}
