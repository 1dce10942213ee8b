import { expect, it } from 'vitest';
import { openRig } from '../../test/unit/books/rig.ts';
import { apiOn } from '../../test/unit/north-api.ts';

it('a node says in RFC 3339 until when its certificate holds', async () => {
  const rig = await openRig();
  const api = await apiOn(rig, 'socket');
  // The rig's certificates end with the epoch.
  await rig.node('a');
  const { certificateExpiresAt } = (await api.inject('/v1/nodes/a')).json();
  expect(certificateExpiresAt).toBe('1970-01-01T00:00:00.000Z');
  const [node] = (await rig.books.catalogue.getStatus()).nodes;
  expect(node?.certificateExpiresAt).toBe(0);
  await api.close();
  await rig.books.close();
});
