// A question in the panel itself, before something that hurts. Nothing is done unless it is answered with yes.

/**
 * Returns question(text, yes, near), which asks below the element `near` and gives a promise of the answer.
 * There is one question at a time.
 */
function questions(signal) {
  const box = make("div", "janus-question");
  box.setAttribute("role", "alertdialog");
  const text = box.appendChild(make("span", "janus-question-text"));
  text.id = `janus-question-${Math.random().toString(36).slice(2)}`;
  box.setAttribute("aria-labelledby", text.id);
  const yes = box.appendChild(make("button", "janus-button janus-danger"));
  const no = box.appendChild(make("button", "janus-button", "Cancel"));
  yes.type = no.type = "button";
  no.title = "Change nothing (Escape)";
  let answer = null;
  let opener = null;
  const close = (said) => {
    const tell = answer;
    answer = null;
    box.remove();
    if (tell && opener?.isConnected) opener.focus({ preventScroll: true });
    tell?.(said);
  };
  yes.addEventListener("click", () => close(true), { signal });
  no.addEventListener("click", () => close(false), { signal });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    close(false);
  }, { signal });
  signal.addEventListener("abort", () => close(false));
  return (what, label, near) => {
    close(false);
    opener = document.activeElement;
    put(text, what);
    put(yes, label);
    yes.title = `${label}: yes, do it`;
    near.after(box);
    no.focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest" });
    return new Promise((resolve) => { answer = resolve; });
  };
}
