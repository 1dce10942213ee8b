import type { FuzzTarget } from './target.ts';
import { api } from './targets/api.ts';
import { enrolment } from './targets/enrolment.ts';
import { fromController } from './targets/from-controller.ts';
import { fromNode } from './targets/from-node.ts';
import { journal } from './targets/journal.ts';
import { journalBytes } from './targets/journal-bytes.ts';
import { kernelAnswer } from './targets/kernel-answer.ts';
import { nftOutput } from './targets/nft-output.ts';
import { nodeBytes } from './targets/node-bytes.ts';
import { texts } from './targets/texts.ts';
import { uapiAnswer } from './targets/uapi-answer.ts';
import { wgOutput } from './targets/wg-output.ts';

export const targets: readonly FuzzTarget[] = [
  ...[wgOutput, uapiAnswer, nftOutput, kernelAnswer, texts, journal, journalBytes],
  ...[fromController, fromNode, nodeBytes, enrolment, api],
];
