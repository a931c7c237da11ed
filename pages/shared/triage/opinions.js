// What holds of an item: what the server has told last, with what is on its way on top.

class Opinions {
  constructor() {
    this.known = new Map(); // name of the item → { at, said }, `said` being one opinion of each person, the latest first
  }

  // Older news than what is known is left alone; says whether it was news.
  learn(name, at, said) {
    const before = this.known.get(name);
    if (before && before.at > at) return false;
    this.known.set(name, { at, said });
    return true;
  }

  of(name, author, queue) {
    let said = this.known.get(name)?.said ?? [];
    for (const message of queue) {
      if (message.do !== "mark" || !(name in message.items)) continue;
      const mine = said.find((one) => one.author === author) ?? { author, verdict: "", note: "", time: "" };
      const now = { ...mine, verdict: message.verdict ?? mine.verdict, note: message.note ?? mine.note };
      said = [now, ...said.filter((one) => one.author !== author)];
    }
    return said;
  }
}

// The opinion that counts: the latest verdict or, where there are notes alone, the latest note.
const holding = (said) => said.find((one) => one.verdict) ?? said[0] ?? null;
const verdictOf = (said) => holding(said)?.verdict ?? "";
const disputed = (said) => new Set(said.map((one) => one.verdict).filter(Boolean)).size > 1;
