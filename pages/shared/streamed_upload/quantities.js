// Bytes and durations as people read them. Joined with upload.js into one module, without a build step.

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function bytes(count) {
  const [unit, name] = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]].find(([size]) => count >= size) ?? [1, "B"];
  return `${Number((count / unit).toPrecision(3))} ${name}`;
}

// At least a second; whole minutes from two minutes on.
function duration(seconds, texts) {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 120 ? fill(texts.seconds, { count: whole }) : fill(texts.minutes, { count: Math.round(whole / 60) });
}

