// Asks the browser for a passkey and sends what it gives with the form. Needs webauthn-json.js before it.
// <form data-passkey="create|get|login" data-options="{…}"> … <button data-passkey-button> … <p data-passkey-trouble hidden>

const { webauthnJSON } = window;

function isAddress(host) {
  return /^[\d.]+$/.test(host) || host.startsWith("[");
}

async function credential(form) {
  const kind = form.dataset.passkey;
  if (kind === "login") {
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("no challenge");
    return webauthnJSON.get((await answer.json()).request_options);
  }
  const options = JSON.parse(form.dataset.options);
  if (kind === "get") return webauthnJSON.get(options.request_options);
  const choice = options.creation_options.publicKey.authenticatorSelection;
  const alone = form.elements.passwordless?.checked ?? false;
  choice.residentKey = alone ? "required" : "discouraged";
  choice.requireResidentKey = alone;
  if (alone) choice.userVerification = "required";
  return webauthnJSON.create(options.creation_options);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("[data-passkey-button]");
  const trouble = form.querySelector("[data-passkey-trouble]");
  const say = (text) => {
    trouble.textContent = text;
    trouble.hidden = false;
  };
  button.hidden = false;
  if (isAddress(location.hostname)) {
    button.disabled = true;
    say(`Browsers keep passkeys for names only. Open this site as ${location.protocol}//localhost:${location.port}.`);
    continue;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await credential(form));
      form.submit();
    } catch (error) {
      say(error.name === "NotAllowedError" ? "No passkey was given. Try again, or use another way." : "The passkey could not be read. Try again, or use another way.");
    }
  });
}
