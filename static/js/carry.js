// The landing page's drop zone: keeps the file in this tab and goes on to the form, or to the sign-up before it.
// Without script there is a link in its place.

import { keep } from "./carried_file.js";
import { showDragging } from "./drop_zone.js";

function start(area) {
  const zone = area.querySelector("[data-carry-zone]");
  const input = zone.querySelector("input");
  area.querySelector("[data-carry-link]").hidden = true;
  zone.hidden = false;
  showDragging(zone);

  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    // Said here, before somebody signs up for nothing.
    if (file.size > (Number(area.dataset.maxBytes) || Infinity)) {
      area.querySelector("[data-carry-refusal]").hidden = false; // role="alert" announces it
      input.value = "";
      return;
    }
    await keep(file);
    location.href = area.dataset.next;
  });
}

const area = document.querySelector("[data-carry]");
if (area) start(area);
