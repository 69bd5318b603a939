import { journalContract } from "./contract.ts";
import { MemoryJournal, MemoryStore } from "./memoryJournal.ts";

journalContract("memory", () => {
  const store = new MemoryStore();
  return { open: async () => new MemoryJournal(store), dispose() {} };
});
