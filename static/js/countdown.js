// Counts down to when a result goes cold. The clock time always stands beside it; this adds what is left, says it once
// at one minute, and at zero tells the page, which then asks the server where the result is.

const TICK_MS = 250;
const DAY = 86_400;
const ends = new WeakMap(); // each countdown's end by this machine's clock, which may be wrong by any amount
const over = new WeakSet();

// The same as `clock` in annotations/figures/words.py.
function clock(left) {
  if (left >= 2 * DAY) return `${Math.floor(left / DAY)} days`;
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

function show(countdown) {
  const first = !ends.has(countdown);
  if (first) ends.set(countdown, Date.now() + 1000 * Number(countdown.dataset.countdown));
  const left = Math.max(0, Math.ceil((ends.get(countdown) - Date.now()) / 1000));
  const time = countdown.querySelector("[data-left]");
  const bar = countdown.querySelector("progress");
  if (time.textContent !== clock(left)) time.textContent = clock(left);
  if (time.dateTime !== undefined) time.dateTime = `PT${left}S`;
  if (bar) bar.value = left;
  countdown.hidden = false;
  const before = first ? Infinity : Number(countdown.dataset.shown);
  countdown.dataset.shown = left;
  if (!first && before > 60 && left <= 60) announce();
  if (left === 0 && !over.has(countdown)) {
    over.add(countdown);
    if (!first) countdown.dispatchEvent(new CustomEvent("countdown-over", { bubbles: true }));
  }
}

function announce() {
  const status = document.querySelector("[data-announce-last-minute]");
  if (status) status.textContent = status.dataset.announceLastMinute;
}

function tick() {
  for (const countdown of document.querySelectorAll("[data-countdown]")) show(countdown);
}

tick();
setInterval(tick, TICK_MS);
document.body.addEventListener("htmx:afterSwap", tick); // what htmx brings begins without a blink
