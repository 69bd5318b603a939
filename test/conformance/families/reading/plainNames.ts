import type { PublishedCase } from "../../family.ts";

const UNIT = /_(btc|eth|eos|usd|usdt|usdc|coins?|base|quote|contracts|conts?)$/;

/**
 * The case, its inputs readable under their names without a unit too: `price_btc` as `price`. They stand behind the case's own
 * fields, so that these still are all that is listed.
 */
export function withPlainNames(published: PublishedCase): PublishedCase {
  const own = published.inputs as Readonly<Record<string, unknown>>;
  const plain = Object.fromEntries(
    Object.entries(own).map(([name, value]) => [name.toLowerCase().replace(UNIT, ""), value]),
  );
  return { ...published, inputs: Object.assign(Object.create(plain) as object, own) };
}
