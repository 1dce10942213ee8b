import fc from 'fast-check';

interface Edit {
  readonly kind: 'flip' | 'set' | 'insert' | 'delete' | 'double' | 'cut' | 'fill';
  readonly at: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

// Edges of varints and lengths, and what begins a group or a field of another kind in protobuf.
const edges = [0x00, 0x01, 0x07, 0x0b, 0x0f, 0x7f, 0x80, 0xfe, 0xff];

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('flip', 'set', 'insert', 'delete', 'double', 'cut', 'fill'),
  at: fc.nat(1_000_000),
  length: fc.oneof(fc.nat(3), fc.nat(80)),
  bytes: fc.oneof(
    fc.array(fc.constantFrom(...edges), { minLength: 1, maxLength: 12 }).map((all) => Uint8Array.from(all)),
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
  ),
});

/** What was really said or written, changed in up to six places; now and then none of it. */
export function mutatedBytes(recorded: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const changed = fc
    .tuple(recorded, fc.array(edit, { maxLength: 6 }))
    .map(([bytes, edits]) => edits.reduce(apply, bytes));
  return fc.oneof(
    { weight: 10, arbitrary: changed },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  );
}

function apply(all: Uint8Array, { kind, at, length, bytes }: Edit): Uint8Array {
  const start = all.length === 0 ? 0 : at % all.length;
  const end = Math.min(all.length, start + length);
  const before = all.subarray(0, start);
  const middle = all.subarray(start, end);
  const after = all.subarray(end);
  switch (kind) {
    case 'flip':
      return Uint8Array.from(all, (byte, n) => (n === start ? byte ^ (1 << (length % 8)) : byte));
    case 'set':
      return Uint8Array.from(all, (byte, n) => bytes[n - start] ?? byte);
    case 'insert':
      return Buffer.concat([before, bytes, middle, after]);
    case 'delete':
      return Buffer.concat([before, after]);
    case 'double':
      return Buffer.concat([before, middle, middle, after]);
    case 'cut':
      return before.slice();
    case 'fill':
      return Buffer.concat([before, Buffer.alloc(middle.length, bytes[0]), after]);
  }
}
