import { unexpected } from '../netlink/attributes.ts';

/** The address in 4 or 16 bytes as the kernel's tools print it (RFC 5952). @throws TurnpikeError `environment` */
export function addressText(bytes: Buffer | undefined): string {
  if (bytes?.length === 4) return bytes.join('.');
  if (bytes?.length !== 16) throw unexpected('an element is no address');
  const groups: string[] = [];
  // The longest run of two zero groups or more, the first of several.
  let [start, length] = [-1, 1];
  let run = 0;
  for (let group = 0; group < 8; group += 1) {
    const value = bytes.readUInt16BE(group * 2);
    groups.push(value.toString(16));
    run = value === 0 ? run + 1 : 0;
    if (run > length) [start, length] = [group - run + 1, run];
  }
  if (start < 0) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}
