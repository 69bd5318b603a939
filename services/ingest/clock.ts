/** Wall time as a source may use it: for pacing, never for what is in an event. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}
