// Keeps the reader's theme: the footer's radios preview it in CSS, this saves the choice without a reload.

const form = document.querySelector("[data-theme-form]");

form?.addEventListener("change", () => {
  const theme = new FormData(form).get("theme");
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = theme;
  fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual", keepalive: true });
});
