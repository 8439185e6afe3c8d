// Lights a drop zone up while a file hangs over it. The zone is a label around a file input, which takes the file itself.

export function showDragging(zone) {
  for (const type of ["dragenter", "dragover"]) zone.addEventListener(type, () => zone.setAttribute("data-dragging", ""));
  for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => zone.removeAttribute("data-dragging"));
}
