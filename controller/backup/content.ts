import { createHash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { TurnpikeError } from '../../common/errors.ts';

const Manifest = Type.Object({
  format: Type.Literal('turnpike-backup-1'),
  /** Milliseconds since 1970. */
  createdAt: Type.Number(),
  /** Of the program. */
  version: Type.String(),
  /** Of the database: bytes and SHA-256 in hex. */
  bytes: Type.Number(),
  sha256: Type.String(),
  /** What lies beside the database and belongs to it, by name. */
  files: Type.Record(Type.String(), Type.String()),
});

export type Manifest = Static<typeof Manifest>;

export interface BackupContent {
  readonly manifest: Manifest;
  readonly database: Uint8Array;
}

/** A line of JSON, then the database as it is. */
export function joinContent(
  { createdAt, version, files }: Pick<Manifest, 'createdAt' | 'version' | 'files'>,
  database: Uint8Array,
): Uint8Array {
  const manifest: Manifest = {
    format: 'turnpike-backup-1',
    ...{ createdAt, version, files },
    bytes: database.length,
    sha256: hashOf(database),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(manifest)}\n`), database]);
}

/** @throws TurnpikeError `environment` when it is not what was joined */
export function splitContent(path: string, content: Uint8Array): BackupContent {
  const end = content.indexOf(0x0a);
  const database = content.subarray(end + 1);
  const manifest = parse(Buffer.from(content.subarray(0, Math.max(0, end))).toString());
  if (manifest?.bytes === database.length && manifest.sha256 === hashOf(database))
    return { manifest, database };
  throw new TurnpikeError('environment', `${path} does not hold the database that it says`, {
    remedy: 'take another backup; if it was made by a later version, restore it with that',
  });
}

function parse(text: string): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(Manifest, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
