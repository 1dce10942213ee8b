import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig, sha256, TestNode } from '../../test/unit/books/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
  await rig.books.catalogue.addNode({ name: 'a', endpoint: 'a.example.net:51820' });
});
afterEach(() => rig.books.close());

let serials = 0;
const issue = async () => {
  serials += 1;
  return { serial: `serial-${serials}`, der: new Uint8Array([serials]), notAfter: 5 };
};
const redeem = (token: string, key = 'key') => rig.books.identities.redeem(sha256(token), sha256(key), issue);

describe('a join token', () => {
  it('is stored by its hash, for half an hour', async () => {
    const { token, expiresAt } = await rig.books.catalogue.createJoinToken('a');
    expect(expiresAt).toBe(rig.clock.now() + 30 * 60_000);
    expect(await rig.books.identities.token(sha256(token))).toMatchObject({ nodeName: 'a', expiresAt });
    expect(await rig.books.identities.token(sha256('another'))).toBeUndefined();
  });

  it('makes an identity once, and gives the same key the same certificate again', async () => {
    const { token } = await rig.books.catalogue.createJoinToken('a');
    const first = await redeem(token);
    expect(first.identity).toMatchObject({ nodeName: 'a', incarnation: 1 });
    const second = await redeem(token);
    expect(second).toEqual(first);
    await expect(redeem(token, 'another key')).rejects.toThrow('used already, with another key');
    expect((await rig.books.catalogue.getNode('a')).incarnation).toBe(1);
  });

  it('is refused when it is unknown, expired, replaced, or of a removed node', async () => {
    await expect(redeem('guessed')).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringMatching(/not known/),
    });
    const { token: early } = await rig.books.catalogue.createJoinToken('a');
    const { token } = await rig.books.catalogue.createJoinToken('a');
    await expect(redeem(early)).rejects.toThrow('not known');
    rig.clock.pass(30 * 60_000);
    await expect(redeem(token)).rejects.toThrow('expired');
    const { token: last } = await rig.books.catalogue.createJoinToken('a');
    await rig.books.catalogue.removeNode('a');
    await expect(redeem(last)).rejects.toThrow('not known');
  });

  it('is not used up when the certificate cannot be made', async () => {
    const { token } = await rig.books.catalogue.createJoinToken('a');
    const failing = rig.books.identities.redeem(sha256(token), sha256('key'), async () => {
      throw new Error('no entropy');
    });
    await expect(failing).rejects.toThrow('no entropy');
    expect((await redeem(token)).identity.incarnation).toBe(1);
  });
});

/** Of the end that the node's first one has. */
const shown = (serial: string) => ({ serial, notAfter: 0 });

describe('an identity', () => {
  it('is valid with each of its certificates until its node enrols anew', async () => {
    const { identities, catalogue } = rig.books;
    const revoked: unknown[] = [];
    identities.onRevoked((...all) => revoked.push(all));
    const node = await TestNode.enrol(rig.books, 'a');
    await identities.renewed(
      node.identity,
      { serial: 'renewed', der: new Uint8Array(), notAfter: 9 },
      node.serial,
    );
    expect(await identities.standing(node.identity, shown(node.serial))).toBe('valid');
    expect(await identities.standing(node.identity, shown('renewed'))).toBe('valid');
    expect(await identities.standing(node.identity, shown('foreign'))).toBe('unknown');
    expect(await identities.standing({ ...node.identity, incarnation: 2 }, shown('renewed'))).toBe('unknown');
    const anew = await TestNode.enrol(rig.books, 'a');
    expect(anew.identity.incarnation).toBe(2);
    expect(revoked).toEqual([[node.identity.nodeId, 1]]);
    expect(await identities.standing(node.identity, shown('renewed'))).toBe('revoked');
    expect(await identities.standing(anew.identity, shown(anew.serial))).toBe('valid');
    await expect(
      identities.renewed(node.identity, { serial: 'late', der: new Uint8Array(), notAfter: 9 }, 'renewed'),
    ).rejects.toMatchObject({ code: 'unauthenticated' });
    await catalogue.removeNode('a');
    expect(await identities.standing(anew.identity, shown(anew.serial))).toBe('revoked');
    expect(revoked).toHaveLength(2);
  });

  it('is quarantined by word of mouth too, which is told as an event', async () => {
    const { identities, catalogue } = rig.books;
    const revoked: unknown[] = [];
    identities.onRevoked((...all) => revoked.push(all));
    const node = await TestNode.enrol(rig.books, 'a');
    await identities.quarantine(node.identity);
    expect(await identities.standing(node.identity, shown(node.serial))).toBe('revoked');
    expect(revoked).toEqual([[node.identity.nodeId, 1]]);
    const events = await catalogue.listEvents({ type: 'node.quarantined' });
    expect(events).toMatchObject([{ type: 'node.quarantined', nodeId: node.identity.nodeId }]);
  });

  it('is waited for until it has shown a certificate of the CA that is to come', async () => {
    const { identities, catalogue } = rig.books;
    await catalogue.addNode({ name: 'b', endpoint: 'b.example.net:51820' });
    await catalogue.addNode({ name: 'never-joined', endpoint: 'c.example.net:51820' });
    const [a, b] = [await TestNode.enrol(rig.books, 'a'), await TestNode.enrol(rig.books, 'b')];
    await identities.shown(a.identity, { serial: '1', authorityPin: 'old' });
    expect(await identities.notShown('new')).toEqual(['a', 'b']);
    await identities.shown(a.identity, { serial: '2', authorityPin: 'new' });
    expect(await identities.notShown('new')).toEqual(['b']);
    await identities.quarantine(b.identity);
    expect(await identities.notShown('new')).toEqual([]);
    await TestNode.enrol(rig.books, 'b');
    expect(await identities.notShown('new')).toEqual(['b']);
    await catalogue.removeNode('b');
    expect(await identities.notShown('new')).toEqual([]);
  });

  describe('that renews without end', () => {
    let node: TestNode;
    let last: string;
    beforeEach(async () => {
      node = await TestNode.enrol(rig.books, 'a');
      last = node.serial;
    });
    /** A hundred times, with the certificate that is shown. Later ones hold longer. */
    const renewOften = async (shown: () => string) => {
      for (let count = 0; count < 100; count += 1) {
        serials += 1;
        const certificate = { serial: `renewed-${serials}`, der: new Uint8Array(), notAfter: 1e13 + serials };
        await rig.books.identities.renewed(node.identity, certificate, shown());
        last = certificate.serial;
      }
    };
    /** Whether it is kept: nothing that ends after all others was left behind. */
    const standing = (serial: string) =>
      rig.books.identities.standing(node.identity, { serial, notAfter: Number.MAX_SAFE_INTEGER });

    it('keeps its last certificates, and no more', async () => {
      await renewOften(() => last);
      expect(await standing(last)).toBe('valid');
      expect(await standing(`renewed-${serials - 1}`)).toBe('valid');
      expect(await standing(`renewed-${serials - 16}`)).toBe('unknown');
      expect(await standing(node.serial)).toBe('unknown');
    });

    it('keeps the one that it shows, when it cannot save what it is given', async () => {
      await renewOften(() => node.serial);
      expect(await standing(node.serial)).toBe('valid');
      expect(await standing(last)).toBe('valid');
    });

    it('keeps the one that its stream began with, when it is a copy that renews', async () => {
      await rig.books.identities.shown(node.identity, { serial: node.serial, authorityPin: 'ca' });
      await renewOften(() => last);
      expect(await standing(node.serial)).toBe('valid');
      await rig.books.identities.shown(node.identity, { serial: last, authorityPin: 'ca' });
      await renewOften(() => last);
      expect(await standing(node.serial)).toBe('unknown');
    });

    it('is over, once, when somebody shows one that it left behind', async () => {
      await renewOften(() => last);
      const { identities, catalogue } = rig.books;
      for (const serial of [node.serial, node.serial, last]) {
        expect(await identities.standing(node.identity, shown(serial))).toBe('revoked');
      }
      expect(await catalogue.listEvents({ type: 'node.quarantined' })).toHaveLength(1);
    });

    it('goes on when somebody shows one that ends after all that are known, as after a restore', async () => {
      await renewOften(() => last);
      const { identities } = rig.books;
      const since = { serial: 'since', notAfter: 1e13 + serials + 1 };
      expect(await identities.standing(node.identity, since)).toBe('unknown');
      expect(await standing(last)).toBe('valid');
    });

    it('has what it was given last, though that ends before the others', async () => {
      await renewOften(() => last);
      const shorter = { serial: 'shorter', der: new Uint8Array(), notAfter: 1e12 };
      await rig.books.identities.renewed(node.identity, shorter, last);
      expect(await standing('shorter')).toBe('valid');
    });
  });
});
