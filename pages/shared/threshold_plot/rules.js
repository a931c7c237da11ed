// What each rule would flag: a tick under the axis where its cut-off lies, and a line in the list beside the plot. Either takes the rule.

const TICK_GAP = 6;
const TICK_LINE = 25; // pixels from one line of ticks down to the next
const MOST_LINES = 3;
const FARTHEST = 44; // pixels that a tick may stand beside its place before another line is begun
const BEND = 24; // pixels below the axis where the line to a tick bends

class Rules {
  // `take` is told the tick of the rule that was clicked.
  constructor(root, take) {
    this.root = root;
    this.holder = root.querySelector(".threshold-ticks");
    this.list = root.querySelector(".rules-list");
    this.without = root.querySelector(".rules-without");
    this.take = take;
  }

  // Draws everything, and gives the pixels from `top`, the first line of ticks, down to below the last.
  draw(data, toPixel, top, room) {
    this.data = data;
    this.drawList();
    this.drawWithout();
    const ticks = [...data.ticks].sort((one, other) => one.mark.cut_off - other.mark.cut_off);
    this.fillIn(this.holder, ticks, "threshold-tick", (tick) => [`${tick.label} `, count(tick.mark.flagged)]);
    const lines = this.lines(ticks.map((tick) => Math.round(toPixel(tick.mark.cut_off)) + 0.5), room);
    let leaders = "";
    for (const { button, anchor, left, width, line } of lines) {
      const y = top + line * TICK_LINE;
      button.style.transform = `translate(${Math.round(left)}px, ${y}px)`;
      const foot = Math.round(left + width / 2) + 0.5;
      leaders += `M${anchor} ${top - TICK_ROW}V${top - TICK_ROW + BEND}L${foot} ${y - 4}V${y}`;
    }
    this.root.querySelector(".rule-leaders").setAttribute("d", leaders);
    return Math.max(0, ...lines.map(({ line }) => line + 1)) * TICK_LINE;
  }

  // Where each tick stands: with its count where one line has the room for all, else without, on as many lines as they need.
  lines(anchors, room) {
    const buttons = [...this.holder.children];
    const measured = () => buttons.map((button) => button.offsetWidth);
    const taken = (widths) => widths.reduce((sum, width) => sum + width + TICK_GAP, 0);
    this.holder.classList.remove("narrow");
    let widths = measured();
    this.holder.classList.toggle("narrow", taken(widths) > room || farthest(anchors, widths, room) > FARTHEST);
    widths = measured();
    let placed = [];
    for (let most = 1; most <= MOST_LINES; most += 1) {
      placed = buttons.map((button, index) => ({ button, anchor: anchors[index], width: widths[index], line: index % most }));
      for (let line = 0; line < most; line += 1) {
        const own = placed.filter((tick) => tick.line === line);
        const lefts = apart(own.map((tick) => tick.anchor), own.map((tick) => tick.width), room);
        own.forEach((tick, index) => { tick.left = lefts[index]; });
      }
      if (placed.every(({ anchor, left, width }) => left >= 0 && Math.abs(left + width / 2 - anchor) <= FARTHEST)) break;
    }
    return placed;
  }

  drawList() {
    const { texts, ticks } = this.data;
    [texts.rule, texts.rule_cut_off, texts.flagged].forEach((text, index) => { this.root.querySelectorAll(".rules-head span")[index].textContent = text; });
    this.root.querySelector(".threshold-rules").setAttribute("aria-label", texts.rules);
    this.fillIn(this.list, ticks, "threshold-rule", (tick) => {
      const [title, setting, name] = [document.createElement("b"), document.createElement("i"), document.createDocumentFragment()];
      title.textContent = tick.title;
      setting.textContent = tick.setting;
      name.append(title, setting);
      return [name, score(tick.mark.cut_off), count(tick.mark.flagged)];
    });
  }

  // Rules that these scores do not allow, each with its reason.
  drawWithout() {
    const { texts, without } = this.data;
    this.without.hidden = !without.length;
    this.without.querySelector("summary").textContent = fill(texts.without, { rules: count(without.flatMap(({ titles }) => titles).length) });
    this.without.querySelector("dl").replaceChildren(...without.map(({ titles, why }) => {
      const [pair, name, reason] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
      name.textContent = titles.join(", ");
      reason.textContent = why;
      pair.append(name, reason);
      return pair;
    }));
  }

  // One button a tick in `holder`, those that are there already kept: moving a button takes its focus.
  fillIn(holder, ticks, className, parts) {
    const known = new Map([...holder.children].map((button) => [button.dataset.rule, button]));
    const buttons = ticks.map((tick) => {
      const button = known.get(tick.rule) ?? document.createElement("button");
      const [first, ...others] = parts(tick);
      button.type = "button";
      button.className = className;
      button.dataset.rule = tick.rule;
      button.replaceChildren(...(typeof first === "string" ? [first] : [cell(first)]), ...others.map(cell));
      button.title = fill(this.data.texts.take_rule, {
        rule: `${tick.title} (${tick.label})`, cut_off: score(tick.mark.cut_off), flagged: count(tick.mark.flagged),
      });
      button.setAttribute("aria-label", button.title);
      button.onclick = () => this.take(tick);
      button.onpointerenter = button.onfocus = () => this.point(tick.rule);
      button.onpointerleave = button.onblur = () => this.point(null);
      return button;
    });
    const inPlace = buttons.length === holder.children.length && buttons.every((button, index) => holder.children[index] === button);
    if (!inPlace) holder.replaceChildren(...buttons);
  }

  // Shows which tick and which line of the list are the same rule.
  point(rule) {
    for (const button of this.root.querySelectorAll("[data-rule]")) button.classList.toggle("pointed", button.dataset.rule === rule);
  }

  // Marks the rules that give the cut-off at which the line stands.
  press(cutOff) {
    const given = new Set(this.data.ticks.filter((tick) => tick.mark.cut_off === cutOff).map((tick) => tick.rule));
    for (const button of this.root.querySelectorAll("[data-rule]")) button.setAttribute("aria-pressed", String(given.has(button.dataset.rule)));
  }
}

function cell(content) {
  const holder = document.createElement("span");
  holder.append(content);
  return holder;
}

// How far, at most, a box would stand beside its anchor on one line.
function farthest(anchors, widths, room) {
  const lefts = apart(anchors, widths, room);
  return Math.max(0, ...lefts.map((left, index) => (left < 0 ? Infinity : Math.abs(left + widths[index] / 2 - anchors[index]))));
}

// Left ends of boxes that stand as near as they can under their anchors without overlapping: boxes that touch share their shifts.
function apart(anchors, widths, room) {
  const groups = [];
  anchors.forEach((anchor, index) => {
    let group = { first: index, width: widths[index], wanted: anchor - widths[index] / 2, boxes: 1 };
    while (groups.length) {
      const before = groups[groups.length - 1];
      if (before.left + before.width + TICK_GAP <= within(group, room)) break;
      groups.pop();
      const shift = before.width + TICK_GAP;
      const boxes = before.boxes + group.boxes;
      const wanted = (before.wanted * before.boxes + (group.wanted - shift) * group.boxes) / boxes;
      group = { first: before.first, width: shift + group.width, wanted, boxes };
    }
    group.left = within(group, room);
    groups.push(group);
  });
  const lefts = [];
  for (const group of groups) {
    let left = group.left;
    for (let index = group.first; index < group.first + group.boxes; index += 1) {
      lefts.push(left);
      left += widths[index] + TICK_GAP;
    }
  }
  return lefts;
}

const within = (group, room) => Math.max(Math.min(group.wanted, room - group.width), 0);
