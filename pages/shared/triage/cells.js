// What items look like. Text from the data is only ever set as text.

const SIGNS = { anomaly: "✔", normal: "✘", unsure: "?" };
const LEAST_WEIGHT = 0.25; // share of the strongest word's weight from which on a word is marked

function element(tag, classes, text) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text !== undefined) made.textContent = text;
  return made;
}

class Cells {
  constructor(data, hands) {
    this.data = data;
    this.hands = hands; // what a click does: select, mark, note, act
  }

  build() {
    const { layout } = this.data;
    const built = layout === "table" ? this.table() : layout === "single" ? this.single() : this.blocks(layout);
    built.setAttribute("aria-label", this.data.texts.list);
    return built;
  }

  table() {
    const table = element("table", "triage-table");
    table.setAttribute("role", "grid");
    table.setAttribute("aria-rowcount", this.data.items.length + 1);
    const head = table.createTHead().insertRow();
    const titles = [...this.data.columns, { title: this.data.texts.verdict, shows: "verdict", help: "" }];
    titles.forEach(({ title, shows, help }) => {
      const cell = element("th", shows, title);
      cell.scope = "col";
      cell.title = help || title;
      head.append(cell);
    });
    const body = table.createTBody();
    this.data.items.forEach((item, place) => {
      if (this.crosses(place)) body.append(this.tableLine());
      body.append(this.row(item, place));
    });
    return table;
  }

  row(item, place) {
    const row = this.selectable(element("tr"), item, place);
    row.setAttribute("aria-rowindex", place + 2);
    item.cells.forEach((value, number) => row.append(this.cell(value, this.data.columns[number], number === 0 ? item : null, place)));
    const last = element("td", "verdict");
    last.append(this.judging(place, false));
    row.append(last);
    for (const cell of row.children) cell.setAttribute("role", "gridcell");
    return row;
  }

  cell(value, column, item, place) {
    const cell = element("td", column.shows);
    if (column.shows === "share" && value !== null) {
      const bar = element("span", "triage-bar");
      bar.style.setProperty("--share", value);
      cell.append(bar, `${Math.round(100 * value)} %`);
    } else if (column.shows === "words") {
      cell.append(element("div", "triage-clamped", value ?? ""));
      cell.title = value ?? "";
    } else {
      cell.append(element("span", "triage-value", value ?? ""));
      if (String(value ?? "").length > 24) cell.title = value;
    }
    if (item) cell.append(this.flag(item), this.actions(place));
    return cell;
  }

  flag(item) {
    const flag = element("span", item.flagged ? "triage-flag flagged" : "triage-flag", item.flagged ? "●" : "○");
    flag.title = item.flagged ? this.data.texts.flagged : this.data.texts.not_flagged;
    return flag;
  }

  // Pictures beside one another, or texts under one another.
  blocks(layout) {
    const grid = element("div", `triage-${layout}`);
    grid.setAttribute("role", "grid");
    this.data.items.forEach((item, place) => {
      if (this.crosses(place)) grid.append(element("div", "triage-line", this.data.texts.line));
      const block = this.selectable(element("div", "triage-block"), item, place);
      block.setAttribute("role", "row");
      const cell = element("div", "triage-inside");
      cell.setAttribute("role", "gridcell");
      cell.append(...(layout === "gallery" ? this.tile(item, place) : this.text(item, place)));
      block.append(cell);
      grid.append(block);
    });
    return grid;
  }

  tile(item, place) {
    const picture = element("img");
    picture.src = item.picture;
    picture.alt = item.title;
    picture.loading = "lazy";
    const facts = element("div", "triage-facts");
    facts.append(...this.facts(item), this.actions(place));
    return [picture, facts, this.judging(place, false)];
  }

  text(item, place) {
    const side = element("div", "triage-side");
    const facts = element("div", "triage-facts");
    facts.append(this.flag(item), ...this.facts(item), this.actions(place));
    side.append(facts, this.judging(place, false));
    const whole = element("div", "triage-text");
    for (const [piece, weight] of item.pieces ?? []) {
      if (Math.abs(weight) < LEAST_WEIGHT || !piece.trim()) {
        whole.append(piece);
        continue;
      }
      const marked = element("mark", weight > 0 ? "raises" : "lowers", piece);
      marked.style.setProperty("--weight", Math.abs(weight));
      whole.append(marked);
    }
    return [side, whole];
  }

  facts(item) {
    return item.cells.map((value, number) => {
      const column = this.data.columns[number];
      if (value === null || value === "") return "";
      const shown = column.shows === "share" ? `${Math.round(100 * value)} %` : value;
      const fact = element("span", "triage-fact", number === 0 ? shown : `${column.title} ${shown}`);
      fact.title = column.help || column.title;
      return fact;
    });
  }

  single() {
    const [item] = this.data.items;
    const bar = this.selectable(element("div", "triage-single"), item, 0);
    bar.setAttribute("role", "group");
    bar.removeAttribute("tabindex");
    bar.append(this.judging(0, true));
    return bar;
  }

  selectable(made, item, place) {
    made.dataset.name = item.name;
    made.classList.add("triage-item");
    made.tabIndex = -1;
    made.setAttribute("aria-selected", "false");
    made.setAttribute("aria-label", item.title);
    made.addEventListener("pointerdown", (event) => !event.target.closest("input") && this.hands.select(place));
    return made;
  }

  actions(place) {
    const holder = element("span", "triage-actions");
    for (const action of this.data.actions) {
      const button = element("button", "triage-action", action.title);
      button.type = "button";
      button.tabIndex = -1;
      button.onclick = () => this.hands.act(action.name, place);
      holder.append(button);
    }
    return holder;
  }

  judging(place, wide) {
    const holder = element("div", "triage-judging");
    for (const [verdict, sign] of Object.entries(SIGNS)) {
      const button = element("button", `triage-verdict ${verdict}`, wide ? `${sign} ${this.data.texts[verdict]}` : sign);
      button.type = "button";
      button.tabIndex = wide ? 0 : -1;
      button.dataset.verdict = verdict;
      button.title = fill(this.data.texts.key_of, { what: this.data.texts[verdict], key: verdict[0] });
      button.setAttribute("aria-label", this.data.texts[verdict]);
      button.onclick = () => this.hands.mark(place, verdict);
      holder.append(button);
    }
    const note = element("button", "triage-note-button", "✎");
    note.type = "button";
    note.tabIndex = wide ? 0 : -1;
    note.title = fill(this.data.texts.key_of, { what: this.data.texts.note, key: "e" });
    note.setAttribute("aria-label", this.data.texts.note);
    note.onclick = () => this.hands.note(place);
    holder.append(note, element("div", "triage-said"));
    return holder;
  }

  crosses(place) {
    const { items, texts } = this.data;
    return Boolean(texts.line) && place > 0 && items[place - 1].flagged && !items[place].flagged;
  }

  tableLine() {
    const row = element("tr", "triage-line");
    const cell = element("td", "", this.data.texts.line);
    cell.colSpan = this.data.columns.length + 1;
    row.append(cell);
    return row;
  }
}

// Verdict buttons, note and who said what, of one item.
function showSaid(shown, said, { texts, author }, state) {
  const verdict = verdictOf(said);
  for (const button of shown.querySelectorAll(".triage-verdict")) {
    button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
  }
  shown.classList.toggle("waiting", state === "waiting");
  shown.classList.toggle("unsaved", state === "unsaved");
  shown.dataset.said = verdict;
  const holder = shown.querySelector(".triage-said");
  if (holder.querySelector("input")) return; // somebody is writing
  holder.replaceChildren();
  if (state === "unsaved") holder.append(element("span", "triage-unsaved", texts.unsaved));
  const several = disputed(said) || said.some((one) => one.author !== author);
  for (const one of said) {
    const sign = several && one.verdict ? `${one.author} ${SIGNS[one.verdict]}` : "";
    const line = element("span", "triage-opinion", [sign, one.note].filter(Boolean).join(" · "));
    line.title = fill(texts.said, { author: one.author, verdict: texts[one.verdict] ?? "", time: one.time, note: one.note });
    if (line.textContent) holder.append(line);
  }
  holder.classList.toggle("disputed", disputed(said));
}
