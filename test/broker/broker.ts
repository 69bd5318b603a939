import { afterAll, beforeAll, describe } from "vitest";
import { type Broker, brokerUnavailableReason, startBroker } from "../../infra/kafkaBroker.ts";

const reason = brokerUnavailableReason();

/**
 * Tests that need a real Kafka. One broker serves the file, from before its first test until after its last one; tests
 * keep apart by topic prefixes. Where no broker can run they are skipped, and their name says why.
 */
export function describeWithBroker(name: string, define: (broker: () => Broker) => void): void {
  describe.skipIf(reason !== undefined)(reason === undefined ? name : `${name} (skipped: ${reason})`, () => {
    let broker: Broker | undefined;
    beforeAll(async () => {
      broker = await startBroker();
    });
    afterAll(async () => {
      await broker?.stop();
    });
    define(() => broker!);
  });
}
