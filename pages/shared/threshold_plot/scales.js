// Numbers as people read them, and where they stand on an axis. Joined with drawing.js and plot.js into one module, without a build step.

const THIN_SPACE = "\u202f";
const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function grouped(text) {
  const [whole, fraction] = text.split(".");
  const separated = whole.replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
  return (fraction ? `${separated}.${fraction}` : separated).replace("-", "−");
}

const count = (value) => grouped(String(value));

// At most four significant digits; powers of ten where plain digits would not fit beside each other.
function score(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) {
    const [digits, exponent] = value.toExponential(3).split("e");
    const power = [...String(Number(exponent))].map((sign) => SUPERSCRIPTS[sign]).join("");
    return `${grouped(String(Number(digits)))} × 10${power}`;
  }
  return grouped(String(Number(value.toPrecision(4))));
}

// A share of 1 in per cent: one decimal, two significant digits where that would round to nothing.
function percent(share) {
  const value = share * 100;
  return grouped(value === 0 || value >= 1 ? value.toFixed(1) : String(Number(value.toPrecision(2))));
}

const ratio = (part, whole) => (whole ? grouped((part / whole).toFixed(2)) : "–");

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// Where a score stands along an axis, in the axis' own positions; what lies outside stays at the nearer end.
function position(axis, value) {
  const shifted = value + axis.offset;
  const place = !axis.logarithmic ? value : shifted > 0 ? Math.log10(shifted) : -Infinity;
  return Math.min(Math.max(place, axis.low), axis.high);
}

const scoreAt = (axis, place) => (axis.logarithmic ? 10 ** place - axis.offset : place);

// Round scores to label, at least `room` pixels apart; `toPixel` gives a score's pixel.
function labelled(axis, pixels, room, toPixel) {
  const low = scoreAt(axis, axis.low);
  const high = scoreAt(axis, axis.high);
  const even = (wanted) => multiples(low, high, wanted);
  const candidates = axis.logarithmic ? powers(low, high) : even(pixels / room);
  // Measured from the lowest score, powers of ten may all lie close together: multiples fill the gaps, coarse ones first.
  if (axis.offset) candidates.push(...even(4), ...even(16), ...even(64), ...even(256));
  const taken = [];
  for (const value of candidates) {
    const pixel = toPixel(value);
    if (value < low || value > high || taken.some((other) => Math.abs(other.pixel - pixel) < room)) continue;
    taken.push({ value, pixel });
  }
  return taken;
}

function multiples(low, high, wanted) {
  const rough = (high - low) / Math.max(wanted, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.ceil(low / step);
  const values = [];
  for (let index = first; index * step <= high; index += 1) values.push(Number((index * step).toPrecision(12)));
  return values;
}

// Round numbers, the roundest first: 0, then 1, then 5, then 2 times every power of ten within the range, either sign.
function powers(low, high) {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const top = Math.floor(Math.log10(largest));
  const smallest = low > 0 ? Math.floor(Math.log10(low)) : top - 6;
  const values = [0];
  for (const factor of [1, 5, 2]) {
    for (let power = top; power >= smallest; power -= 1) {
      const value = Number(`${factor}e${power}`);
      values.push(value, -value);
    }
  }
  return values;
}

// The index of the value nearest to `wanted` among ascending `values`.
function nearest(values, wanted) {
  const above = firstAbove(values, wanted);
  if (above === 0) return 0;
  if (above === values.length) return above - 1;
  return values[above] - wanted < wanted - values[above - 1] ? above : above - 1;
}

// The index of the first of ascending `values` that is greater than `wanted`.
function firstAbove(values, wanted) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}
