// The GOV.UK components that our pages use, and the idle warning. Every page works without any of this.
import { Button, ErrorSummary, PasswordInput, ServiceNavigation, SkipLink, createAll } from "govuk-frontend";
import { takeTokenFromAddress } from "./enrol.js";
import { warnWhenIdle } from "./idle.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const component of [Button, ErrorSummary, PasswordInput, ServiceNavigation, SkipLink]) {
  createAll(component);
}
warnWhenIdle();
takeTokenFromAddress();

// A page that the browser kept for the back button may show a child: ask for it again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    window.location.reload();
  }
});
