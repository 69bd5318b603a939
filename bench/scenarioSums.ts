import type { MarginBook } from "./marginBook.ts";

/** MAR-022 and MAR-023 in TypeScript on typed arrays: bit for bit what the kernel computes. */
export class ScenarioSums {
  readonly scenarios: number;
  readonly poolScanLoss: Float64Array;
  readonly poolWorstScenario: Uint32Array;
  readonly positionScanLoss: Float64Array;
  readonly positionWorstScenario: Uint32Array;
  readonly #linear: Uint8Array;
  readonly #fraction: Float64Array;
  readonly #linearFactors: Float64Array;
  readonly #inverseFactors: Float64Array;
  /** One row of scenarios an instrument: profit of one quantity unit. */
  readonly #arrays: Float64Array;
  readonly #vector: Float64Array;
  readonly #quantities: Float64Array;
  readonly #instruments: Uint32Array;
  /** Cross positions of pool `p`: `#members[#firstMember[p]]` up to the first of `p + 1`, in order of instrument. */
  readonly #firstMember: Uint32Array;
  readonly #members: Uint32Array;
  #worst = 0;

  constructor(book: MarginBook) {
    const { instruments, pools, positions } = book;
    this.scenarios = book.linearFactors.length;
    this.poolScanLoss = new Float64Array(pools.length);
    this.poolWorstScenario = new Uint32Array(pools.length);
    this.positionScanLoss = new Float64Array(positions.length);
    this.positionWorstScenario = new Uint32Array(positions.length);
    this.#linear = Uint8Array.from(instruments, ({ linear }) => (linear ? 1 : 0));
    this.#fraction = Float64Array.from(instruments, (each) => Number(each.numerator) / Number(each.denominator));
    this.#linearFactors = Float64Array.from(book.linearFactors);
    this.#inverseFactors = Float64Array.from(book.inverseFactors);
    this.#arrays = new Float64Array(instruments.length * this.scenarios);
    this.#vector = new Float64Array(this.scenarios);
    this.#quantities = Float64Array.from(positions, ({ quantity }) => Number(quantity));
    this.#instruments = Uint32Array.from(positions, ({ instrument }) => instrument);
    const members: number[][] = pools.map(() => []);
    positions.forEach(({ pool, cross }, position) => {
      if (cross) members[pool]!.push(position);
    });
    this.#members = Uint32Array.from(members.flat());
    this.#firstMember = new Uint32Array(pools.length + 1);
    members.forEach((each, pool) => {
      this.#firstMember[pool + 1] = this.#firstMember[pool]! + each.length;
    });
  }

  revalueInstrument(instrument: number, mark: number): void {
    const linear = this.#linear[instrument] === 1;
    const factors = linear ? this.#linearFactors : this.#inverseFactors;
    const scale = linear ? this.#fraction[instrument]! * mark : this.#fraction[instrument]! / mark;
    const row = instrument * this.scenarios;
    for (let scenario = 0; scenario < this.scenarios; scenario++) {
      this.#arrays[row + scenario] = scale * factors[scenario]!;
    }
  }

  revaluePool(pool: number): void {
    const first = this.#firstMember[pool]!;
    const end = this.#firstMember[pool + 1]!;
    this.#vector.fill(0);
    for (let member = first; member < end; member++) this.#add(this.#members[member]!);
    this.poolScanLoss[pool] = this.#scanLoss();
    this.poolWorstScenario[pool] = this.#worst;
  }

  revaluePosition(position: number): void {
    this.#vector.fill(0);
    this.#add(position);
    this.positionScanLoss[position] = this.#scanLoss();
    this.positionWorstScenario[position] = this.#worst;
  }

  #add(position: number): void {
    const vector = this.#vector;
    const arrays = this.#arrays;
    const quantity = this.#quantities[position]!;
    const row = this.#instruments[position]! * this.scenarios;
    for (let scenario = 0; scenario < vector.length; scenario++) {
      vector[scenario]! += quantity * arrays[row + scenario]!;
    }
  }

  #scanLoss(): number {
    const vector = this.#vector;
    let lowest = vector[0]!;
    this.#worst = 0;
    for (let scenario = 1; scenario < vector.length; scenario++) {
      if (vector[scenario]! < lowest) {
        lowest = vector[scenario]!;
        this.#worst = scenario;
      }
    }
    return lowest < 0 ? -lowest : 0;
  }
}
