import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ClientHttp2Stream } from 'node:http2';
import { SyncService } from '../../../../common/gen/turnpike/v1/sync_pb.ts';
import { reportMethod } from '../../../../common/grpc/report-method.ts';
import { methodDefinition } from '../../../../common/grpc/service.ts';
import { type Attack, inTurn } from '../attack.ts';
import { dialHttp2, grpcCall } from '../dial.ts';
import { hello, presence, report } from '../messages.ts';
import type { Siege } from '../siege.ts';

const sync = methodDefinition(SyncService.method.sync).path;
const key = randomBytes(32);
const instance = randomBytes(16);

/** Resolves when there is room for more, or the stream is over. */
async function write(siege: Siege, stream: ClientHttp2Stream, what: string, message: Buffer): Promise<void> {
  if (stream.destroyed) return;
  siege.count(what);
  siege.count(`${what}, MB`, message.length / 1e6);
  if (stream.write(message)) return;
  await Promise.race([once(stream, 'drain'), new Promise((resolve) => stream.once('close', resolve))]).catch(
    () => undefined,
  );
}

/** Both streams that a node has, each as full as it may be. */
export const flood: Attack = {
  name: 'a node: the largest reports and presence without end',
  begin: (siege, { nodes, from, devices }, identities) => {
    const identity = inTurn(identities, 0);
    let number = 0n;
    siege.repeat(async () => {
      const session = siege.hold(dialHttp2(nodes, inTurn(from, 0), identity));
      siege.count('connections');
      const reports = siege.hold(session.request(grpcCall(reportMethod.path))).resume();
      const words = siege.hold(session.request(grpcCall(sync))).resume();
      words.write(hello(key, instance));
      const closed = new Promise((resolve) => session.once('close', resolve));
      const tell = async () => {
        while (!reports.destroyed && !siege.over.aborted) {
          number += 1n;
          await write(siege, reports, 'reports', report(number, devices, number * 1000n));
        }
      };
      const show = async () => {
        for (let round = 0; !words.destroyed && !siege.over.aborted; round += 1) {
          await write(siege, words, 'presence', presence(devices, round % 2 === 0));
        }
      };
      await Promise.race([Promise.all([tell(), show()]), closed]);
      session.destroy();
    }, 100);
  },
};

/** All that a node should hold, from the beginning; as soon as it begins to come, again. */
export const everythingAgain: Attack = {
  name: 'a node: asks for everything again and again',
  begin: (siege, { nodes, from }, identities) => {
    let session = siege.hold(dialHttp2(nodes, inTurn(from, 0), inTurn(identities, 0)));
    siege.repeat(async () => {
      if (session.destroyed) {
        siege.count('sessions ended by the controller');
        session = siege.hold(dialHttp2(nodes, inTurn(from, 0), inTurn(identities, 0)));
      }
      siege.count('times');
      const stream = siege.hold(session.request(grpcCall(sync)));
      const closed = new Promise((resolve) => stream.once('close', resolve));
      stream.write(hello(key, instance));
      let bytes = 0;
      const enough = new Promise<void>((resolve) => {
        stream.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          // Beyond the words with which a stream begins.
          if (bytes > 10_000) resolve();
        });
      });
      await Promise.race([enough, closed]);
      stream.close();
      await closed;
    });
  },
};
