// In command mode "x" cuts a cell and "m" makes it text, also for who chooses from a list in an output by typing.

/** Keys for what takes letters or arrows are no shortcuts of the notebook; what one types in is none of it already. */
function keepKeys(root, signal) {
  root.addEventListener("focusin", ({ target }) => {
    if (target.matches("select, [role]")) target.dataset.lmSuppressShortcuts = "true"; // JupyterLab and Notebook ask for it
  }, { signal });
}
