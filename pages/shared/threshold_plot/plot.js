// Lets a hand move the cut-off. Everything the hand needs (bars, and a grid of cut-offs with their counts) is here already: only the
// release of the hand is told to Python.

const PAGE_SHARE = 0.05; // of the grid, for Page Up and Page Down
const KEYBOARD_PAUSE_MS = 250; // a key held down is told once

const plots = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  if (!plots.has(parentElement)) plots.set(parentElement, new ThresholdPlot(parentElement.querySelector(".threshold-plot")));
  plots.get(parentElement).update(component);
  return () => {
    plots.get(parentElement)?.close();
    plots.delete(parentElement);
  };
}

class ThresholdPlot {
  constructor(root) {
    this.root = root;
    this.drawing = new Drawing(root, (tick) => this.take(tick));
    this.area = this.drawing.area;
    this.handle = this.drawing.handle;
    this.axisName = null;
    this.told = null;
    this.drag = null;
    this.keyboardTimer = null;
    this.listen();
    this.resizing = new ResizeObserver(() => this.data && this.draw());
    this.resizing.observe(this.area);
  }

  close() {
    this.resizing.disconnect();
    clearTimeout(this.keyboardTimer);
  }

  // ── what Python says ──

  update({ data, setTriggerValue }) {
    const before = this.data;
    this.data = data;
    this.setTriggerValue = setTriggerValue;
    this.axisName ??= data.distribution.long_tailed ? "logarithmic" : "linear";
    this.mark = this.chosenMark(before);
    this.draw();
  }

  // Python's cut-off where it is news or the answer to our message: never while a hand holds the line, nor before Python has heard of
  // its release.
  chosenMark(before) {
    const { current, heard } = this.data;
    const news = before?.current.cut_off !== current.cut_off || (heard !== null && heard === this.told);
    if (news && this.drag) this.drag.before = current;
    return (news && !this.held) || this.mark.cut_off === current.cut_off ? current : this.mark;
  }

  get held() {
    return this.drag !== null || this.keyboardTimer !== null;
  }

  draw() {
    if (this.drawing.draw(this.data, this.axisName)) this.place();
  }

  place() {
    this.drawing.place(this.mark, this.held);
  }

  markAt(index) {
    const { cut_offs, flagged, anomalies, normals } = this.data.distribution.grid;
    return { cut_off: cut_offs[index], flagged: flagged[index], anomalies: anomalies?.[index], normals: normals?.[index] };
  }

  // ── the hand ──

  listen() {
    this.area.onpointerdown = (event) => this.grab(event);
    this.area.onpointermove = (event) => (this.drag ? this.follow(event) : this.drawing.describe(event.clientX));
    this.area.onpointerup = () => this.drag && this.release();
    this.area.onpointercancel = () => this.drag && this.letGo();
    this.area.onpointerleave = () => { this.drawing.find(".threshold-hover").textContent = ""; };
    this.handle.onkeydown = (event) => this.press(event);
    this.handle.onblur = () => this.keyboardTimer && this.send();
    this.drawing.find(".threshold-axis-switch").onclick = ({ target }) => {
      if (!target.dataset.axis) return;
      this.axisName = target.dataset.axis;
      this.draw();
    };
  }

  grab(event) {
    const { left, top } = this.area.getBoundingClientRect();
    const onRules = event.clientY - top > this.drawing.base + TICK_ROW - 12; // a click that misses a rule moves nothing
    if (event.button !== 0 || onRules) return;
    event.preventDefault();
    if (this.keyboardTimer) this.send();
    this.area.setPointerCapture(event.pointerId);
    const onHandle = event.target.closest(".threshold-handle");
    const inHand = onHandle ? event.clientX - left - this.drawing.toPixel(this.mark.cut_off) : 0;
    this.drag = { left, inHand, before: this.mark };
    this.root.classList.add("dragging");
    this.handle.focus({ preventScroll: true, focusVisible: false });
    if (!onHandle) this.follow(event);
  }

  follow(event) {
    this.mark = this.markAt(nearest(this.drawing.gridPixels, event.clientX - this.drag.left - this.drag.inHand));
    this.place();
  }

  release() {
    const moved = this.mark.cut_off !== this.drag.before.cut_off;
    this.endDrag();
    if (moved) this.send();
    else this.place();
  }

  letGo() {
    this.mark = this.drag.before;
    this.endDrag();
    this.place();
  }

  endDrag() {
    this.drag = null;
    this.root.classList.remove("dragging");
  }

  press(event) {
    if (this.drag) return event.key === "Escape" ? this.letGo() : undefined;
    const { cut_offs } = this.data.distribution.grid;
    const page = Math.round(cut_offs.length * PAGE_SHARE);
    const steps = {
      ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -page, PageUp: page, Home: -cut_offs.length, End: cut_offs.length,
    }[event.key];
    if (steps === undefined || event.ctrlKey || event.metaKey || event.altKey) return undefined;
    event.preventDefault();
    const above = firstAbove(cut_offs, this.mark.cut_off);
    const onGrid = cut_offs[above - 1] === this.mark.cut_off;
    const from = steps > 0 || onGrid ? above - 1 : above;
    clearTimeout(this.keyboardTimer);
    this.keyboardTimer = setTimeout(() => this.send(), KEYBOARD_PAUSE_MS);
    this.mark = this.markAt(Math.min(Math.max(from + steps, 0), cut_offs.length - 1));
    return this.place();
  }

  take(tick) {
    this.mark = tick.mark;
    this.place();
    this.tell("rule", tick.rule);
  }

  tell(name, value) {
    this.told = value;
    this.setTriggerValue(name, value);
  }

  send() {
    clearTimeout(this.keyboardTimer);
    this.keyboardTimer = null;
    this.place();
    this.tell("cut_off", this.mark.cut_off);
  }
}
