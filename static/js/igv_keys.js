// igv.js draws its buttons as plain boxes that only a mouse can press. Here each gets a role, a name and a place in the
// order of the keyboard, and Enter and the space bar press it. Escape closes a menu.
const MENU = ".igv-menu-popup";
const ITEM = ".igv-menu-popup-shim, .igv-menu-popup-check-container";
const GEAR = ".igv-gear-menu-column > div > div:has(> svg)";
const NAMES = {
  ".igv-navbar-text-button, .igv-navbar-icon-button": (box) => box.title,
  ".igv-search-icon-container": () => "Go to the place",
  '[class^="igv-zoom-widget"] > div:first-child': () => "Zoom out",
  '[class^="igv-zoom-widget"] > div:last-child': () => "Zoom in",
  [GEAR]: (box, number, boxes) => `Settings of ${trackOf(box, number - boxes.length)}`,
  [`${MENU}-header > div`]: () => "Close",
  [ITEM]: (box) => box.textContent,
  ".igv-ui-generic-dialog-ok-cancel > div": (box) => box.textContent,
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

function openMenu(root) {
  return [...root.querySelectorAll(MENU)].find((menu) => menu.offsetWidth);
}

// A menu may ask its track first what belongs into it: it is there some frames after the click, or none is coming.
async function menuToCome(root) {
  for (let frames = 0; frames < 20 && !openMenu(root); frames += 1) {
    await new Promise(requestAnimationFrame);
  }
  return openMenu(root);
}

// `pressed` tells which of the buttons that switch something are on, by their titles.
export function giveKeys(root, pressed) {
  let opener = null;
  dress(root, pressed);
  root.addEventListener("click", async () => {
    await menuToCome(root);
    dress(root, pressed);
  });
  root.addEventListener("keydown", async (event) => {
    const menu = openMenu(root);
    if (event.key === "Escape" && menu) {
      menu.querySelector(`${MENU}-header > div`).click();
      opener?.focus();
    }
    if (!event.target.matches("[role=button]") || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    opener = event.target.closest(MENU) ? opener : event.target;
    event.target.click();
    if (menu && !openMenu(root)) return opener?.focus();
    const opened = await menuToCome(root);
    dress(root, pressed);
    opened?.querySelector(ITEM)?.focus();
  });
}
