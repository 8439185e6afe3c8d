// Says on the pages between, sign-up and sign-in, that the file from the landing page is still here.

import { waitingName } from "./carried_file.js";

const hint = document.querySelector("[data-carried]");
const name = waitingName();

if (hint && name) {
  hint.querySelector("[data-carried-name]").textContent = name;
  hint.hidden = false;
}
