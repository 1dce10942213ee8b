import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** grpc-js wants a table of (de)serializers; protobuf-es has descriptors. This is the bridge between the two. */
export function serviceDefinition(service: DescService): ServiceDefinition {
  const methods: Record<string, MethodDefinition<unknown, unknown>> = {};
  for (const method of service.methods) {
    methods[method.localName] = methodDefinition(method) as MethodDefinition<unknown, unknown>;
  }
  return methods;
}

/** The same for one method, typed: what a client needs to call it. */
export function methodDefinition<Method extends DescMethod>(
  method: Method,
): MethodDefinition<MessageShape<Method['input']>, MessageShape<Method['output']>> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: serializer(method.input),
    requestDeserialize: deserializer<Method['input']>(method.input),
    responseSerialize: serializer(method.output),
    responseDeserialize: deserializer<Method['output']>(method.output),
  };
}

// grpc-js insists on a Buffer; toBinary gives a Uint8Array.
function serializer(desc: DescMessage) {
  return (message: unknown): Buffer => {
    const bytes = toBinary(desc, create(desc, message as MessageShape<DescMessage>));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

function deserializer<Desc extends DescMessage>(desc: Desc) {
  return (bytes: Buffer): MessageShape<Desc> => fromBinary(desc, bytes);
}
