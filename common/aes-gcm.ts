import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

// Node takes four times as long with a key as bytes as with a key object that is made of them.

/**
 * @param key 32 bytes
 * @param place where it belongs: it can be read there alone
 */
export function encrypt(key: Uint8Array, text: string | Uint8Array, place = ''): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, createSecretKey(key), nonce).setAAD(Buffer.from(place));
  const plain = typeof text === 'string' ? Buffer.from(text) : text;
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), sealed]));
}

/** undefined when it was encrypted with another key or for another place, or is damaged. */
export function decryptBytes(key: Uint8Array, sealed: Uint8Array, place = ''): Uint8Array | undefined {
  try {
    const decipher = createDecipheriv(algorithm, createSecretKey(key), sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
    const opened = decipher.update(sealed.subarray(nonceBytes + tagBytes));
    return new Uint8Array(Buffer.concat([opened, decipher.final()]));
  } catch {
    return undefined;
  }
}

/** {@link decryptBytes} of a text. */
export function decrypt(key: Uint8Array, sealed: Uint8Array, place = ''): string | undefined {
  const bytes = decryptBytes(key, sealed, place);
  return bytes && Buffer.from(bytes).toString('utf8');
}
