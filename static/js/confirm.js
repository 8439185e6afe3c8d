// Asks before an act that cannot be undone. Without script the form goes straight to the server.
// <form data-confirm="dialog-id"> … <dialog id="dialog-id"><form method="dialog"> … value="yes"

for (const form of document.querySelectorAll("form[data-confirm]")) {
  const dialog = document.getElementById(form.dataset.confirm);
  if (!dialog?.showModal) continue;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.returnValue = "";
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "yes") form.submit();
  });
}
