// The axis that all lanes share: where a time stands among the steps, and which times are worth a label.

const SECOND = 1;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const MONTH = 30.44 * DAY;
const YEAR = 365.25 * DAY;
const CLOCK_STEPS = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5], ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE), ...[1, 2, 3, 6, 12].map((n) => n * HOUR), ...[1, 2, 7, 14].map((n) => n * DAY),
];
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200]; // in months
const MONDAY = 4 * DAY; // weeks are counted from one: the first of January 1970 was a Thursday

const LANGUAGE = ["", "en"].includes(document.documentElement.lang) ? "en-GB" : document.documentElement.lang;
const formatter = (options) => {
  const format = new Intl.DateTimeFormat(LANGUAGE, { timeZone: "UTC", hourCycle: "h23", ...options });
  return (seconds) => format.format(seconds * 1000);
};
const DATES = {
  year: formatter({ year: "numeric" }),
  month: formatter({ month: "short", year: "numeric" }),
  day: formatter({ day: "numeric", month: "short" }),
  fullDay: formatter({ day: "numeric", month: "short", year: "numeric" }),
  minute: formatter({ hour: "2-digit", minute: "2-digit" }),
  second: formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  fraction: formatter({ minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 }),
};

// The time at a place among the steps; a step's own time stands in its middle. The finest buckets that reach there tell it.
class TimeAxis {
  constructor({ fine, coarse, is_date: isDate, last_time: last }) {
    this.isDate = isDate;
    this.isRows = coarse.times === null;
    this.points = this.isRows ? [] : merged(fine, coarse);
    // A bucket tells when it begins: the end of the last one is known by itself.
    const end = coarse.stop - 0.5;
    if (!this.isRows && this.points.length && this.points.at(-1)[0] < end) this.points.push([end, last]);
  }

  at(place) {
    if (this.isRows) return place + 0.5; // the first row is number 1
    return between(this.points, 0, 1, place);
  }

  placeOf(time) {
    return this.isRows ? time - 0.5 : between(this.points, 1, 0, time);
  }

  // As it reads alone, in full.
  text(time) {
    if (this.isRows) return count(Math.round(time));
    if (!this.isDate) return plainNumber(time);
    return `${DATES.fullDay(rounded(time))} ${clock(rounded(time))}`;
  }

  // Two of them as the ends of a range: the day is told once where it is the same.
  texts(from, to) {
    const isSameDay = this.isDate && !this.isRows && Math.floor(rounded(from) / DAY) === Math.floor(rounded(to) / DAY);
    return [this.text(from), isSameDay ? clock(rounded(to)) : this.text(to)];
  }

  // Times with their labels and places, far enough from each other for `wanted` of them to fit side by side.
  ticks(start, stop, wanted) {
    const [from, to] = [this.at(start), this.at(stop)];
    if (!(to > from)) return [];
    const found = this.isDate && !this.isRows ? dates(from, to, wanted) : numbers(from, to, wanted, this.isRows);
    return found.map(({ value, label, strong }) => ({ place: this.placeOf(value), label, strong }));
  }
}

const rounded = (seconds) => Math.round(seconds * 1000) / 1000;

function clock(seconds) {
  if (seconds % MINUTE === 0) return DATES.minute(seconds);
  return Number.isInteger(seconds) ? DATES.second(seconds) : `${DATES.minute(seconds).slice(0, 3)}${DATES.fraction(seconds)}`;
}

function merged(fine, coarse) {
  const points = [];
  const take = (piece, low, high) => piece.times.forEach((time, index) => {
    const place = piece.start + index * piece.width;
    if (place >= low && place < high) points.push([place + 0.5, time]);
  });
  take(coarse, 0, fine.start);
  take(fine, fine.start, fine.stop);
  take(coarse, fine.stop, coarse.stop);
  return points;
}

// Straight lines through the points, drawn on beyond both ends; `from` and `to` are the coordinates to read and to give.
function between(points, from, to, wanted) {
  if (points.length < 2) return points.length ? points[0][to] : NaN;
  let low = 0;
  let high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle][from] > wanted) high = middle;
    else low = middle;
  }
  const [one, other] = [points[low], points[high]];
  const span = other[from] - one[from];
  return span ? one[to] + ((wanted - one[from]) / span) * (other[to] - one[to]) : one[to];
}

function numbers(from, to, wanted, whole) {
  const values = multiples(from, to, wanted).filter((value) => !whole || Number.isInteger(value));
  const labels = whole ? values.map(count) : apartLabels(values);
  return values.map((value, index) => ({ value, label: labels[index], strong: false }));
}

// Midnights, first days of a month and New Years are the strong ones: they name what the labels after them are part of.
function dates(from, to, wanted) {
  const rough = (to - from) / Math.max(wanted, 1);
  const step = CLOCK_STEPS.find((size) => size >= rough);
  return step ? clockTimes(from, to, step) : months(from, to, MONTH_STEPS.find((size) => size * MONTH >= rough) ?? 1200);
}

function clockTimes(from, to, step) {
  const origin = step > DAY ? MONDAY : 0;
  const found = [];
  for (let index = Math.ceil((from - origin) / step); origin + index * step <= to; index += 1) {
    const value = origin + Math.round(index * step * 1000) / 1000;
    const isMidnight = value % DAY === 0;
    const name = step < 1 ? "fraction" : step < MINUTE ? "second" : "minute";
    found.push({ value, label: isMidnight ? DATES.day(value) : DATES[name](value), strong: isMidnight && step < DAY });
  }
  return found;
}

function months(from, to, step) {
  const found = [];
  const first = new Date(from * 1000);
  const begin = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / step) * step;
  for (let month = begin; ; month += step) {
    const moment = new Date(0);
    moment.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    const value = moment.getTime() / 1000;
    if (value > to) return found;
    if (value >= from) found.push({ value, label: step % 12 ? DATES.month(value) : DATES.year(value), strong: month % 12 === 0 && step < 12 });
  }
}

// A number in full: seven digits are those that came.
const plainNumber = (value) => grouped(String(Number(value.toPrecision(Math.abs(value) >= 1e6 ? 12 : 7))));

// Four significant digits, and more only where four would give neighbours the same label.
function apartLabels(values) {
  const labels = values.map(score);
  return new Set(labels).size === labels.length ? labels : values.map((value) => grouped(String(Number(value.toPrecision(12)))));
}
