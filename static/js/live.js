// Says a job's change once to a screen reader. The live part is replaced every second; only a new sentence counts.

const status = document.querySelector("[data-announcements]");

document.body.addEventListener("htmx:afterSwap", () => {
  const sentence = document.querySelector("[data-announce]")?.dataset.announce;
  if (status && sentence && status.textContent !== sentence) status.textContent = sentence;
});
