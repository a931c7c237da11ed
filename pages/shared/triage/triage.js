// Lets a hand go through items and judge them by keys. Each mark is one message to the server, shown as waiting until it is kept.

const LOOK_MS = 10000; // between two looks at what others have said

const lists = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  if (!lists.has(parentElement)) lists.set(parentElement, new Triage(parentElement.querySelector(".triage")));
  lists.get(parentElement).update(component);
  return () => {
    lists.get(parentElement)?.close();
    lists.delete(parentElement);
  };
}

class Triage {
  constructor(root) {
    this.root = root;
    this.opinions = new Opinions();
    this.outbox = new Outbox({
      arrived: (message, answer) => this.arrived(message, answer),
      refused: (_message, why) => this.speak(why, true),
      changed: () => this.showSaid(),
    });
    this.place = 0;
    this.press = (event) => this.pressed(event);
    document.addEventListener("keydown", this.press);
    this.looking = setInterval(() => this.look(), LOOK_MS);
    this.find(".triage-again").onclick = () => this.outbox.again();
  }

  close() {
    document.removeEventListener("keydown", this.press);
    clearInterval(this.looking);
    this.outbox.close();
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  // ── what Python says ──

  update({ data, setTriggerValue }) {
    const before = this.data;
    this.data = data;
    this.tell = setTriggerValue;
    this.outbox.move(data.desk);
    if (before && before.desk.about !== data.desk.about) this.opinions = new Opinions();
    if (!before || before.desk.about !== data.desk.about || data.at >= this.at) this.count(data.counts, data.at);
    for (const item of data.items) this.opinions.learn(item.name, data.at, item.said);
    this.colour();
    const same = before && this.sameList(before, data);
    if (!same) this.build(before);
    this.showSaid();
  }

  // Whether the items can stay as they stand; what is said of them is no part of it.
  sameList(before, data) {
    const listed = ({ items, desk: _desk, at: _at, counts: _counts, ...others }) => JSON.stringify([
      others, items.map(({ said: _said, ...item }) => item),
    ]);
    return listed(before) === listed(data);
  }

  build(before) {
    const name = before?.items[this.place]?.name;
    const focused = this.root.contains(this.root.getRootNode().activeElement);
    const cells = new Cells(this.data, {
      select: (place) => this.select(place),
      mark: (place, verdict) => this.mark(place, verdict),
      note: (place) => this.write(place),
      act: (action, place) => this.act(action, place),
    });
    this.find(".triage-items").replaceChildren(cells.build());
    this.root.dataset.layout = this.data.layout;
    this.shown = [...this.root.querySelectorAll(".triage-item")];
    const known = this.data.items.findIndex((item) => item.name === name);
    const last = this.data.items.length - 1;
    this.select(this.landing === "last" ? last : Math.max(0, known), focused || Boolean(this.landing));
    this.landing = null;
    this.find(".triage-legend").replaceChildren(...this.legend());
    this.find(".triage-again").textContent = this.data.texts.again;
  }

  legend() {
    const { keys } = this.data;
    return keys.map(([key, what]) => {
      const entry = element("span", "triage-key");
      entry.append(element("kbd", "", key), ` ${what}`);
      return entry;
    });
  }

  colour() {
    for (const [meaning, shades] of Object.entries(this.data.colours)) {
      for (const [scheme, colour] of Object.entries(shades)) this.root.style.setProperty(`--${meaning}-${scheme}`, colour);
    }
    const [red, green, blue] = getComputedStyle(this.root).backgroundColor.match(/[\d.]+/g).map(Number);
    this.root.classList.toggle("dark", 0.299 * red + 0.587 * green + 0.114 * blue < 128);
  }

  count(counts, at) {
    this.counts = { ...counts };
    this.at = at;
    this.showCounts();
  }

  showCounts() {
    const judged = Object.values(this.counts).reduce((sum, count) => sum + count, 0);
    const numbers = Object.fromEntries(Object.entries({ ...this.counts, judged }).map(([name, number]) => [name, grouped(number)]));
    const { texts } = this.data;
    const text = !judged ? texts.no_counts : this.counts.anomaly === 1 ? texts.counts_of_one : texts.counts;
    this.find(".triage-counts").textContent = fill(text, numbers);
  }

  // ── the hand ──

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !this.data?.items.length) return;
    const path = event.composedPath();
    if (!this.hears(path[0], path)) return;
    const [target] = path;
    const { place } = this;
    const inside = this.root.contains(target);
    const moves = this.moves(inside);
    const verdict = { a: "anomaly", n: "normal", u: "unsure" }[event.key];
    const action = this.data.actions.find(({ key }) => key === event.key);
    const onButton = event.key === "Enter" && target.closest?.("button");
    if (event.key in moves) this.go(moves[event.key]);
    else if (verdict) this.mark(place, verdict);
    else if (event.key === "z") this.outbox.say({ do: "undo", items: this.everything() });
    else if (event.key === "e") this.write(place);
    else if (action && inside && !onButton) this.act(action.name, place);
    else return;
    event.preventDefault();
  }

  // Keys are ours where the list has the focus or, for the main one of a page, nothing has it and the list is in view; nowhere that
  // somebody types, nor in another list.
  hears(target, path) {
    if (!(target instanceof Element)) return false;
    if (target.closest("input, textarea, select, [contenteditable=true], [role=combobox], [role=slider], [role=dialog]")) return false;
    if (this.root.contains(target)) return true;
    if (!this.data.main || path.some((one) => one.classList?.contains("triage"))) return false;
    if (this.data.layout === "single") return true;
    const { top, bottom } = this.root.getBoundingClientRect();
    return (target === document.body || target === document.documentElement) && top < window.innerHeight * 0.9 && bottom > 0;
  }

  moves(inside) {
    if (this.data.layout === "single") return {};
    const last = this.data.items.length - 1;
    const [up, down] = this.data.layout === "gallery" ? this.rowSteps() : [-1, 1];
    const arrows = inside ? { ArrowUp: up, ArrowDown: down, Home: -last, End: last } : {};
    return { j: 1, k: -1, ...arrows, ...(inside && this.data.layout === "gallery" ? { ArrowLeft: -1, ArrowRight: 1 } : {}) };
  }

  // Pictures that stand in one line.
  rowSteps() {
    const tops = this.shown.map((shown) => shown.offsetTop);
    const across = Math.max(1, tops.filter((top) => top === tops[0]).length);
    return [-across, across];
  }

  go(step) {
    const wanted = this.place + step;
    const last = this.data.items.length - 1;
    if (wanted > last && this.place === last && this.data.pages.next) this.turn(1, "first");
    else if (wanted < 0 && this.place === 0 && this.data.pages.previous) this.turn(-1, "last");
    else this.select(Math.min(Math.max(wanted, 0), last));
  }

  turn(step, landing) {
    this.landing = landing;
    this.tell("page", step);
  }

  select(place, focus = true) {
    this.shown.forEach((shown, number) => {
      shown.setAttribute("aria-selected", String(number === place));
      if (this.data.layout !== "single") shown.tabIndex = number === place ? 0 : -1;
    });
    this.place = place;
    const shown = this.shown[place];
    if (!focus || !shown || this.data.layout === "single") return;
    shown.focus({ preventScroll: true });
    shown.scrollIntoView({ block: "nearest" });
  }

  mark(place, verdict) {
    const item = this.data.items[place];
    this.outbox.say({ do: "mark", verdict, items: { [item.name]: item.spans } });
    this.speak(fill(this.data.texts.marked, { item: item.title, verdict: this.data.texts[verdict] }));
  }

  write(place) {
    const item = this.data.items[place];
    const holder = this.shown[place].querySelector(".triage-said");
    if (holder.querySelector("input")) return;
    const mine = this.said(item.name).find((one) => one.author === this.data.author)?.note ?? "";
    const input = element("input", "triage-note");
    Object.assign(input, { value: mine, placeholder: this.data.texts.note_help, maxLength: 4000 });
    input.setAttribute("aria-label", this.data.texts.note);
    let done = false;
    const end = (keep) => {
      if (done) return;
      done = true;
      input.remove();
      if (keep && input.value.trim() !== mine) this.outbox.say({ do: "mark", note: input.value, items: { [item.name]: item.spans } });
      this.showSaid();
    };
    input.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      end(event.key === "Enter");
      this.select(place);
    };
    input.onblur = () => end(true);
    holder.replaceChildren(input);
    input.focus();
  }

  act(action, place) {
    this.tell("action", { action, name: this.data.items[place].name });
  }

  // ── the wire ──

  everything() {
    return Object.fromEntries(this.data.items.map((item) => [item.name, item.spans]));
  }

  look() {
    if (document.visibilityState === "visible" && this.data?.items.length) this.outbox.look(this.everything());
  }

  arrived(message, { at, items, counts, undone }) {
    if (message.desk.about !== this.data.desk.about) return;
    const before = message.do === "mark" ? Object.keys(items).map((name) => verdictOf(this.opinions.known.get(name)?.said ?? [])) : [];
    for (const [name, said] of Object.entries(items)) this.opinions.learn(name, at, said);
    if (counts) this.count(counts, at);
    else Object.entries(items).forEach(([, said], number) => this.recount(before[number], verdictOf(said)));
    if (undone) this.tookBack(undone);
    this.showSaid();
  }

  recount(before, after) {
    if (before) this.counts[before] -= 1;
    if (after) this.counts[after] += 1;
    this.showCounts();
  }

  tookBack(undone) {
    const { texts, items } = this.data;
    if (!undone.length) return this.speak(texts.nothing_to_undo);
    const touched = ({ spans }) => spans.some(([first, last]) => undone.some(([from, to]) => from <= last && to >= first));
    const place = items.findIndex(touched);
    if (place >= 0) this.select(place, this.root.contains(this.root.getRootNode().activeElement));
    const row = grouped(undone[0][0] + 1);
    return this.speak(place >= 0 ? fill(texts.undone, { item: items[place].title }) : fill(texts.undone_elsewhere, { row }));
  }

  // ── what is seen ──

  said(name) {
    return this.opinions.of(name, this.data.author, this.outbox.queue);
  }

  showSaid() {
    if (!this.shown) return;
    const { queue, trouble } = this.outbox;
    this.data.items.forEach((item, place) => {
      const waits = queue.some((message) => message.do === "mark" && item.name in message.items);
      showSaid(this.shown[place], this.said(item.name), this.data, waits ? (trouble ? "unsaved" : "waiting") : "kept");
    });
    const unsaved = Boolean(trouble) && queue.length > 0;
    this.find(".triage-state").textContent = unsaved ? `${fill(this.data.texts.not_saved, { count: queue.length })} ${trouble.trim()}` : "";
    this.find(".triage-again").hidden = !unsaved;
    this.root.dataset.waiting = queue.length;
  }

  speak(text, refused = false) {
    const spoken = this.find(".triage-spoken");
    spoken.textContent = text;
    spoken.classList.toggle("refused", refused);
  }
}
