// Two minutes before the session ends the person is asked; one press keeps it. At its end the page goes.
const WARNING_SECONDS = 120;

export function warnWhenIdle() {
  const seconds = Number(document.body.dataset.idleSeconds || 0);
  const token = document.querySelector("input[name=csrf]")?.value;
  if (!seconds || !token) {
    return;
  }
  const { dialog, button } = question();
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

  button.addEventListener("click", async () => {
    try {
      const answer = await fetch("/still-here", {
        method: "POST",
        body: new URLSearchParams({ csrf: token, quiet: "yes" }),
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

// Made here and not in each page: without scripts nobody sees it, and pages go over slow lines.
function question() {
  const dialog = made("dialog", { className: "cp-idle" });
  const heading = made("h2", {
    className: "govuk-heading-m",
    id: "cp-idle-heading",
    textContent: "You will be signed out soon",
  });
  const text = made("p", {
    className: "govuk-body",
    textContent: "Nothing was done here for a while. You will be signed out in 2 minutes.",
  });
  const button = made("button", { className: "govuk-button", type: "button", textContent: "Stay signed in" });
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(heading, text, button);
  document.body.append(dialog);
  return { dialog, button };
}

function made(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
