import { dirname, join } from 'node:path';
import { systemClock } from '../../../common/clock.ts';
import { silentLogger } from '../../../common/log.ts';
import { openBooks } from '../../../controller/books/books.ts';
import { envelopeFile } from '../../../controller/vault/envelope-file.ts';

/** Two devices of each, as a phone and a laptop. */
const perSubscription = 2;

/** Sells so many devices to others, into new books at this path, before any node is there. */
export async function sellToCrowd(path: string, devices: number): Promise<void> {
  const books = await openBooks({
    path,
    range4: '10.64.0.0/16',
    range6: 'fd74:7572:6e70::/64',
    validitySeconds: 86_400,
    backups: { directory: join(dirname(path), 'backups'), keepDays: 30 },
    envelope: envelopeFile(join(dirname(path), 'envelope.key')),
    clock: systemClock,
    log: silentLogger,
  });
  try {
    const { catalogue } = books;
    const { id: tariff } = await catalogue.addTariff({ name: 'crowd', volumeBytes: 50_000_000_000n });
    for (let sold = 0; sold < devices; sold += perSubscription) {
      const { id: account } = await catalogue.addAccount({ reference: `crowd-${sold}` });
      const { id: subscription } = await catalogue.createSubscription({ account, tariff });
      for (let count = 0; count < perSubscription; count++) await catalogue.addDevice({ subscription });
    }
  } finally {
    await books.close();
  }
}
