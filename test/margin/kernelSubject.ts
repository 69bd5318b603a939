import { JournalEvent, type PriceKind, priceKindToJSON } from "../../generated/proto/plimsoll/v1/journal_events.ts";
import { conservationOf } from "../../services/engine/conservation.ts";
import { FIRST_DERIVED_KIND } from "../../services/engine/eventKinds.ts";
import { genesis, ownInput } from "../../services/engine/genesis.ts";
import { outcomeOfRow } from "../../services/engine/outcome.ts";
import { Shard } from "../../services/engine/shard.ts";
import type { VenueInput } from "../../services/ingest/source.ts";
import type { JournalRow } from "../../services/journal/journal.ts";
import { kernelBinary } from "../../services/kernel/binary.ts";
import { Kernel } from "../../services/kernel/kernel.ts";
import type { MarginStateNumber } from "../../services/kernel/views.ts";
import type { MarketDocument } from "../../services/markets/market.ts";
import type {
  AccountReport,
  Followed,
  InstrumentReport,
  Order,
  OrderReport,
  Outcome,
  ZeroSum,
} from "../oracle/outcome.ts";
import type { Subject } from "./subject.ts";

const CAPACITIES = { accounts: 256, pools: 1024, positions: 2048, instruments: 64, holds: 256 };
/** Unknown to every shard. */
const UNKNOWN = 0xffff_fff0;

/** What an applied fill did, as the journal tells it. */
export interface KernelFill {
  readonly rounding: bigint;
  readonly realisedProfit: bigint;
  readonly fee: bigint;
  readonly liquidationFee: bigint;
  readonly quantityAfter: bigint;
  readonly entryCostAfter: bigint;
  readonly postedAfter: bigint;
}

/** The real thing: a shard on the compiled kernel, seen through its journal rows and its reader. */
export class KernelSubject implements Subject {
  readonly shard: Shard;
  /** Of the last applied fill. */
  lastFill: KernelFill | undefined;

  constructor(
    document: MarketDocument,
    options: { readonly identityCapacity: number; readonly build?: "release" | "debug" },
  ) {
    const capacities = { ...CAPACITIES, identities: options.identityCapacity };
    this.shard = new Shard(Kernel.create(kernelBinary(options.build), capacities));
    this.shard.fold(genesis("test", capacities, document));
  }

  apply(input: VenueInput): Outcome {
    const rows = this.shard.fold([ownInput(input)]);
    const own = rows[0]!;
    const { body } = JournalEvent.decode(own.payload);
    this.lastFill = undefined;
    let rounding: bigint | undefined;
    let postedChange: bigint | undefined;
    if (body?.$case === "fillApplied") {
      const { value } = body;
      this.lastFill = {
        rounding: value.rounding,
        realisedProfit: value.realisedPnl,
        fee: value.fee + value.liquidationFee,
        liquidationFee: value.liquidationFee,
        quantityAfter: value.quantityAfter,
        entryCostAfter: value.entryCostAfter,
        postedAfter: value.postedAfter,
      };
    }
    if (body?.$case === "fundingApplied" || body?.$case === "instrumentSettled") rounding = body.value.rounding;
    if (body?.$case === "marginModeSet") postedChange = body.value.postedChange;
    if (body?.$case === "collateralMoved") postedChange = body.value.amount;
    const quarantined =
      body?.$case === "recordQuarantined" ? { code: body.value.reason, value: 0n, limit: 0n } : undefined;
    const followed = rows.filter((row) => row.kind >= FIRST_DERIVED_KIND).map((row) => this.#followed(row));
    return { ...(quarantined ?? outcomeOfRow(own)), followed, rounding, postedChange };
  }

  #followed(row: JournalRow): Followed {
    const { names } = this.shard;
    const { body } = JournalEvent.decode(row.payload);
    const account = names.accounts[row.account!]!;
    const instrument = row.instrument === undefined ? undefined : names.instruments[row.instrument]!.name;
    switch (body?.$case) {
      case "fundingPaid":
        return { kind: "fundingPaid", account, instrument: instrument!, ...body.value };
      case "positionSettled": {
        const { quantity, realisedPnl, postedReleased, covered } = body.value;
        return {
          kind: "positionSettled",
          account,
          instrument: instrument!,
          quantity,
          realisedProfit: realisedPnl,
          postedReleased,
          covered,
        };
      }
      case "insurancePaid": {
        const currency = names.currencies[body.value.currency]!.name;
        return { kind: "insurancePaid", account, instrument: instrument ?? "", currency, amount: body.value.amount };
      }
      case "marginStateChanged": {
        const { from, to, currency, equity, initialMargin, maintenanceMargin } = body.value;
        return {
          kind: "marginStateChanged",
          account,
          instrument,
          currency: names.currencies[currency]!.name,
          from: from as MarginStateNumber,
          to: to as MarginStateNumber,
          equity,
          initialMargin,
          maintenanceMargin,
        };
      }
      case "accountQuarantined":
        return { kind: "accountQuarantined", account, reason: body.value.reason };
      default:
        throw new Error(`event ${row.position} of kind ${row.kind} follows from nothing`);
    }
  }

  account(name: string): AccountReport {
    const { names, reader } = this.shard;
    const number = names.account(name);
    if (number === undefined) throw new Error(`account ${name} was never opened`);
    const view = reader.account(number);
    return {
      ...view,
      account: name,
      pools: view.pools.map(({ basis: _, reserved: __, ...pool }) => ({
        ...pool,
        currency: names.currencies[pool.currency]!.name,
      })),
      positions: view.positions.map((position) => ({
        ...position,
        currency: names.currencies[position.currency]!.name,
        instrument: names.instruments[position.instrument]!.name,
      })),
    };
  }

  instrument(name: string): InstrumentReport {
    return { ...this.shard.reader.instrument(this.shard.names.instrument(name)!), instrument: name };
  }

  checkOrder({ account, instrument, side, quantity, price }: Order): OrderReport {
    const { names, reader } = this.shard;
    const { priceKind, priceKey, ...answer } = reader.checkOrder(
      names.account(account) ?? UNKNOWN,
      names.instrument(instrument) ?? UNKNOWN,
      side,
      quantity,
      price,
    );
    const kind = priceKindToJSON(priceKind as PriceKind)
      .replace("PRICE_KIND_", "")
      .toLowerCase();
    return { ...answer, price: priceKind === 0 ? "" : `${kind}:${names.keys[priceKey]}` };
  }

  zeroSum(): ZeroSum {
    const { currencies, instruments } = conservationOf(this.shard);
    return {
      currencies: new Map(currencies.map(({ currency, difference }) => [currency, difference])),
      instruments: new Map(instruments.map(({ instrument, quantity }) => [instrument, quantity])),
    };
  }
}
