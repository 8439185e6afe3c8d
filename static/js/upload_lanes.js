// Sends the parts of a file two at a time: while one is read and hashed, the other is on its way.

const LANES = 2;
// A part holds a thread of the site for as long as it is on its way. Who needs longer than this for one sends them one
// by one: side by side they would only share the same slow connection, each for twice as long.
const SLOW_MS = 4_000;

// Runs deed(number) for the numbers from 1 to count; each resolves to whether it sent anything, for only that shows how
// long one takes. They go alone until one was quick, and again when the connection has become slow. After a failure
// none begins any more; once none runs, this rejects with an AggregateError of what they were rejected with.
export async function inLanes(count, deed) {
  const failures = [];
  const lanes = [];
  let running = 0;
  let next = 1;

  async function lane() {
    running += 1;
    let slow = false;
    while (next <= count && !failures.length && !(slow && running > 1)) {
      const number = next;
      next += 1;
      const began = performance.now();
      let sent = false;
      try {
        sent = await deed(number);
      } catch (error) {
        failures.push(error);
      }
      slow = sent && performance.now() - began >= SLOW_MS * running;
      if (sent && !slow && running < LANES) lanes.push(lane());
    }
    running -= 1;
  }

  lanes.push(lane());
  for (let at = 0; at < lanes.length; at += 1) await lanes[at]; // a lane may open another until it ends
  if (failures.length) throw new AggregateError(failures);
}
