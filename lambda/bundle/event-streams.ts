/** Stands in the bundle for the SDK's event streams, which no call of the handler has. */
export function resolveEventStreamSerdeConfig<T>(configuration: T): T {
  return configuration;
}

export function eventStreamSerdeProvider(): never {
  throw new Error('the bundle has no event streams');
}

export class EventStreamSerde {
  constructor() {
    eventStreamSerdeProvider();
  }
}
