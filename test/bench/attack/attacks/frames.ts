import { once } from 'node:events';
import { EnrolmentService } from '../../../../common/gen/turnpike/v1/enrolment_pb.ts';
import { methodDefinition } from '../../../../common/grpc/service.ts';
import { endlessHeaders, pour, rapidReset } from '../../../unit/south/http2-attacks.ts';
import { type Attack, inTurn } from '../attack.ts';
import { dialTls } from '../dial.ts';

const { path } = methodDefinition(EnrolmentService.method.enrol);
/** Connections at a time; whichever is thrown out comes again. */
const together = 8;

function again(name: string, frames: (path: string) => Iterator<Buffer>): Attack {
  return {
    name,
    begin: (siege, { enrolment, from }) => {
      for (let n = 0; n < together; n += 1) {
        siege.repeat(async () => {
          siege.count('connections');
          const socket = siege.hold(dialTls(enrolment, inTurn(from, n))).resume();
          const closed = new Promise((resolve) => socket.once('close', resolve));
          await Promise.race([once(socket, 'secureConnect').catch(() => undefined), closed]);
          await pour(socket, frames(path));
          await closed;
        });
      }
    },
  };
}

export const resets = again('enrolment: requests reset at once, again and again', rapidReset);
export const headers = again('enrolment: headers without end, again and again', endlessHeaders);
