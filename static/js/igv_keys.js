// igv.js draws its buttons as plain boxes that only a mouse can press. Here each gets a role, a name and a place in the
// order of the keyboard, and Enter and the space bar press it. Escape closes a menu or a dialog. A dialog begins in its
// first field, colours in the first of them, and where it was opened from goes on after it.
const MENU = ".igv-menu-popup";
const CLOSE = `${MENU}-header > div`;
const DIALOG = "[class*=generic-dialog-container]";
const ANSWER = "[class*=generic-dialog-ok-cancel] > div";
const PICKER = ".igv-ui-colorpicker-container";
const SWATCH = `${PICKER} .igv-ui-color-swatch`;
const CLOSE_PICKER = `${PICKER} > div:first-child > div`;
const ITEM = ".igv-menu-popup-shim, .igv-menu-popup-check-container";
const GEAR = ".igv-gear-menu-column > div > div:has(> svg)";
const NAMES = {
  ".igv-navbar-text-button, .igv-navbar-icon-button": (box) => box.title,
  ".igv-search-icon-container": () => "Go to the place",
  '[class^="igv-zoom-widget"] > div:first-child': () => "Zoom out",
  '[class^="igv-zoom-widget"] > div:last-child': () => "Zoom in",
  [GEAR]: (box, number, boxes) => `Settings of ${trackOf(box, number - boxes.length)}`,
  [CLOSE]: () => "Close",
  [ITEM]: (box) => box.textContent,
  [ANSWER]: (box) => box.textContent,
  [SWATCH]: (box) => box.style.backgroundColor.replace(/\D+(\d+)\D+(\d+)\D+(\d+)\D+/, "Red $1, green $2, blue $3"),
  [CLOSE_PICKER]: () => "Close",
};

// The labels stand in the order of the gears; the bases, which are first, have none.
function trackOf(gear, fromEnd) {
  return [...gear.getRootNode().querySelectorAll(".igv-track-label")].at(fromEnd)?.title ?? "the bases";
}

function dress(root, pressed) {
  for (const [selector, name] of Object.entries(NAMES)) {
    root.querySelectorAll(selector).forEach((box, number, boxes) => {
      box.role = "button";
      box.tabIndex = 0;
      box.ariaLabel = name(box, number, [...boxes]);
      if (box.title in pressed()) box.ariaPressed = String(pressed()[box.title]);
    });
  }
}

function shown(root, kind) {
  return [...root.querySelectorAll(kind)].find((box) => box.offsetWidth);
}

// A field's name stands before it, or above all where it is the only one.
function begin(dialog) {
  const fields = [...dialog.querySelectorAll("input")];
  for (const field of fields) {
    field.ariaLabel = (field.previousElementSibling ?? dialog.querySelector("[class*=one-liner]"))?.textContent ?? "";
  }
  fields[0]?.focus();
}

// A menu may ask its track first what belongs into it: it is there some frames after the click, or none is coming.
async function menuToCome(root) {
  for (let frames = 0; frames < 20 && !shown(root, MENU); frames += 1) {
    await new Promise(requestAnimationFrame);
  }
  return shown(root, MENU);
}

// `pressed` tells which of the buttons that switch something are on, by their titles.
export function giveKeys(root, pressed) {
  let opener = null;
  let pressedIn = null; // what the last key was pressed in
  dress(root, pressed);
  root.addEventListener("click", async () => {
    await menuToCome(root);
    dress(root, pressed);
  });
  root.addEventListener("keydown", async (event) => {
    pressedIn = event.target;
    const menu = shown(root, MENU);
    const dialog = shown(root, DIALOG);
    const picker = shown(root, PICKER);
    if (event.key === "Escape" && (dialog || picker || menu)) {
      const close = dialog?.querySelector(`${ANSWER}:last-child`) ?? picker?.querySelector(CLOSE_PICKER);
      (close ?? menu.querySelector(CLOSE)).click();
      opener?.focus();
    }
    if (!event.target.matches("[role=button]") || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    opener = event.target.closest(`${MENU}, ${DIALOG}, ${PICKER}`) ? opener : event.target;
    event.target.click();
    dress(root, pressed);
    const asked = shown(root, DIALOG);
    if (asked && event.target.closest(MENU)) return begin(asked);
    if (shown(root, PICKER) && event.target.closest(MENU)) return shown(root, SWATCH)?.focus();
    if ((menu && !shown(root, MENU)) || (dialog && !asked) || (picker && !shown(root, PICKER))) return opener?.focus();
    const opened = await menuToCome(root);
    dress(root, pressed);
    opened?.querySelector(ITEM)?.focus();
  });
  // igv.js takes Enter when it is let go, also the one that has opened the dialog.
  const letGo = (event) => {
    if (event.key !== "Enter" || !event.target.closest(DIALOG)) return;
    if (event.target !== pressedIn) event.stopPropagation();
    else requestAnimationFrame(() => shown(root, DIALOG) ?? opener?.focus());
  };
  root.addEventListener("keyup", letGo, true);
}
