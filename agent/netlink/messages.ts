import { unexpected } from './attributes.ts';

// struct nlmsghdr: length, type, flags, sequence, port; all in the machine's byte order, which is little-endian on all
// that Node runs on under Linux but s390x. Then struct nfgenmsg: family, version, resource.
const headerBytes = 16;
const familyBytes = 4;

const subsystemNfTables = 10;
const familyInet = 1;
const flagRequest = 0x1;
const flagDump = 0x300;
const flagInterrupted = 0x10;
const typeError = 2;
const typeDone = 3;

/** A request that the kernel list all objects of a kind, `NFT_MSG_GET…` of linux/netfilter/nf_tables.h. */
export function dumpRequest(kind: number, attributes: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(headerBytes + familyBytes);
  const length = header.length + attributes.reduce((sum, { length: bytes }) => sum + bytes, 0);
  header.writeUInt32LE(length, 0);
  header.writeUInt16LE((subsystemNfTables << 8) | kind, 4);
  header.writeUInt16LE(flagRequest | flagDump, 6);
  header.writeUInt8(familyInet, headerBytes);
  return Buffer.concat([header, ...attributes]);
}

/** What one reading of the socket gave. */
export interface Page {
  /** The attributes of each object. */
  readonly objects: readonly Buffer[];
  /** The number of the error with which it ended, 0 for none; undefined while more is to come. */
  readonly ended: number | undefined;
  /** Somebody changed the ruleset meanwhile: some of it may be missing, or be there twice. */
  readonly interrupted: boolean;
}

/** @throws TurnpikeError `environment` */
export function readPage(bytes: Buffer): Page {
  const objects: Buffer[] = [];
  let interrupted = false;
  for (let at = 0; at < bytes.length; ) {
    if (at + headerBytes > bytes.length) throw unexpected('a message is cut off');
    const length = bytes.readUInt32LE(at);
    const type = bytes.readUInt16LE(at + 4);
    if (length < headerBytes + familyBytes || at + length > bytes.length) {
      throw unexpected('a message is cut off');
    }
    interrupted ||= (bytes.readUInt16LE(at + 6) & flagInterrupted) !== 0;
    if (type === typeDone || type === typeError) {
      return { objects, ended: -bytes.readInt32LE(at + headerBytes), interrupted };
    }
    objects.push(bytes.subarray(at + headerBytes + familyBytes, at + length));
    at += (length + 3) & ~3;
  }
  return { objects, ended: undefined, interrupted };
}
