// The link of the e-mail carries its token behind `#`, which no browser sends to anybody: only this puts it into the form.
const TOKEN = /^#([A-Za-z0-9_-]{40,64})$/;

export function takeTokenFromAddress() {
  const field = document.querySelector("[data-from-fragment]");
  const found = TOKEN.exec(window.location.hash);
  if (field && found) {
    field.value = found[1];
    // Out of the address bar and the history: what is left there could be read over a shoulder, or later.
    window.history.replaceState(null, "", window.location.pathname);
  }
}
