// Two minutes before the session ends the person is asked; one press keeps it. At its end the page goes.
const WARNING_SECONDS = 120;

export function warnWhenIdle() {
  const seconds = Number(document.body.dataset.idleSeconds || 0);
  const dialog = document.getElementById("cp-idle");
  if (!seconds || !dialog) {
    return;
  }
  const form = dialog.querySelector("form");
  let endsAt = Date.now() + seconds * 1000;

  const look = () => {
    const left = (endsAt - Date.now()) / 1000;
    if (left <= 0) {
      window.location.replace("/still-there");
    } else if (left <= WARNING_SECONDS && !dialog.open) {
      dialog.showModal();
    }
  };
  // A telephone that slept has missed its timers, so time is asked again whenever the page is seen.
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        redirect: "manual",
      });
      if (answer.status === 204) {
        endsAt = Date.now() + Number(answer.headers.get("X-Idle-Seconds") || seconds) * 1000;
        dialog.close();
        return;
      }
    } catch {
      // No connection: the page goes, as it would have gone.
    }
    window.location.replace("/still-there");
  });
}
