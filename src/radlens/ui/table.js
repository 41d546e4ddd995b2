// Rows are built from text alone, so nothing in a record can become markup.
const cell = (kind, text) => {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
};

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  const head = document.createElement("tr");
  for (const name of [...data.columns, ""]) {
    const made = cell("th", name);
    made.scope = "col";
    head.append(made);
  }
  head.lastChild.append(Object.assign(cell("span", "Open"), { className: "unseen" }));
  parentElement.querySelector("caption").textContent = data.caption;
  parentElement.querySelector("thead").replaceChildren(head);
  parentElement.querySelector("tbody").replaceChildren(
    ...data.rows.map((row) => {
      const line = document.createElement("tr");
      row.cells.forEach((text, index) => {
        const made = cell("td", text);
        made.dataset.column = data.columns[index];
        line.append(made);
      });
      const open = cell("button", "Open");
      open.type = "button";
      open.setAttribute("aria-label", `Open ${row.cells.slice(0, 3).join(", ")}`);
      open.addEventListener("click", () => setTriggerValue("open", row.id));
      const last = document.createElement("td");
      last.append(open);
      line.append(last);
      return line;
    }),
  );
  if (data.keys) return stepping(parentElement);
}

// The letters j and k go through the rows.
function stepping(parentElement) {
  const step = (by) => () => {
    const buttons = [...parentElement.querySelectorAll("tbody button")];
    const here = buttons.indexOf(parentElement.querySelector("tbody button:focus"));
    buttons[Math.min(Math.max(here + by, 0), buttons.length - 1)]?.focus();
  };
  const stop = new AbortController();
  shortcuts({ j: step(1), k: step(-1) }, stop.signal);
  return () => stop.abort();
}
