import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { TurnpikeError } from '../../common/errors.ts';

/** @throws TurnpikeError `invalid` */
export function parseMessage<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw new TurnpikeError('invalid', `this is not a ${schema.name}`, { cause: error });
  }
}
