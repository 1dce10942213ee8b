import type { Command } from 'commander';
import { adjustmentTable } from './adjustments.ts';
import { answerOf } from './client.ts';
import type { Bookings } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { showTime } from './show.ts';
import { renderTable } from './table.ts';

export function addBookingVerb(program: Command, open: OpenSession): void {
  program
    .command('booking <reference>')
    .description('what was booked with a reference of yours, such as the number of a payment')
    .action(async (reference: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const bookings = await answerOf(api.GET('/v1/bookings', { params: { query: { reference } } }));
      print(bookings, () => renderBookings(bookings));
    });
}

function renderBookings({ adjustments, renewals }: Bookings): string {
  return [
    ...(adjustments.length > 0 ? [adjustmentTable(adjustments)] : []),
    ...(renewals.length > 0 ? [renewalTable(renewals)] : []),
  ].join('\n\n');
}

export function renewalTable(renewals: Bookings['renewals']): string {
  return renderTable(
    ['renewal of', 'from', 'until', 'reference', 'at'],
    renewals.map((one) => [
      one.subscriptionId,
      showTime(one.fromAt),
      showTime(one.untilAt),
      one.reference,
      showTime(one.createdAt),
    ]),
  );
}
