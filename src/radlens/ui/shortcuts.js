// Letters that do something, wherever the focus is: but never with Ctrl, Alt or Meta, which belong to
// the browser, and never where letters are written or choose something.
const FIELD =
  "input:not([type=range],[type=checkbox],[type=radio],[type=button]), textarea, select, " +
  "[contenteditable], [role=combobox], [role=textbox], [role=dialog]";

function shortcuts(keys, signal) {
  const press = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.defaultPrevented) return; // a part that has the focus, such as the viewer, took it
    const typing = (node) => node instanceof Element && node.matches(FIELD);
    if (event.repeat || event.composedPath().some(typing) || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  };
  document.addEventListener("keydown", press, { signal });
}

