// A review is written in the browser and sent once, when it is signed. Until then its draft stays
// with this tab, so that neither a reload nor a session that ends costs what was written.
const shown = new WeakMap(); // by root: what is drawn there, and what listens for it

const drafts = {
  read(name) {
    try {
      return JSON.parse(sessionStorage.getItem(name)) ?? null;
    } catch {
      return null;
    }
  },
  write: (name, draft) => sessionStorage.setItem(name, JSON.stringify(draft)),
  drop: (name) => sessionStorage.removeItem(name),
};

const made = (kind, className, text = "") =>
  Object.assign(document.createElement(kind), { className, textContent: text });

export default function ({ data, parentElement: root, setTriggerValue }) {
  if (!data) return;
  const drawn = `${data.id} ${data.signed ?? "open"} ${data.turn}`;
  const before = shown.get(root);
  if (before?.drawn === drawn) return;
  before?.stop.abort();
  const stop = new AbortController();
  shown.set(root, { drawn, stop });
  root.querySelector(".form").hidden = Boolean(data.signed);
  root.querySelector(".done").hidden = !data.signed;
  const keys = data.signed
    ? afterwards(root, data, setTriggerValue, stop.signal)
    : writing(root, data, setTriggerValue, stop.signal);
  shortcuts(keys, stop.signal);
  return () => stop.abort();
}

function afterwards(root, data, setTriggerValue, signal) {
  const button = root.querySelector(".undo");
  const says = root.querySelector(".done p");
  const over = () => {
    button.hidden = true;
    says.textContent = "Signed.";
    drafts.drop(data.draft);
  };
  button.hidden = false;
  button.disabled = false;
  says.textContent = "Signed. The review can be taken back for a moment.";
  const timer = setTimeout(over, data.left_ms);
  signal.addEventListener("abort", () => clearTimeout(timer));
  const undo = () => {
    if (button.hidden || button.disabled) return;
    button.disabled = true;
    clearTimeout(timer);
    setTriggerValue("undo", data.signed);
  };
  button.addEventListener("click", undo, { signal });
  return { u: undo };
}

function writing(root, data, setTriggerValue, signal) {
  const find = (name) => root.querySelector(name);
  const draft = drafts.read(data.draft) ?? { said: {}, impression: data.impression, steps: [] };
  const sign = find(".sign");
  const rows = new Map();
  const listen = (part, kind, hear) => part.addEventListener(kind, hear, { signal });

  function paint() {
    for (const finding of data.findings) {
      const { ways, more, present, reason } = rows.get(finding.label);
      const said = draft.said[finding.label];
      for (const [way, button] of ways) {
        button.setAttribute("aria-pressed", String(said?.decision === way));
      }
      more.hidden = !said || said.decision === "accept";
      present.hidden = said?.decision !== "edit";
      present.value = said?.present ?? "null";
      if (reason.value !== (said?.reason ?? "")) reason.value = said?.reason ?? "";
    }
    const open = missing();
    find(".left").textContent = open;
    sign.disabled = open !== "";
    find(".rest").hidden = data.findings.every((one) => draft.said[one.label]);
    drafts.write(data.draft, draft);
  }

  function missing() {
    const said = (one) => draft.said[one.label];
    const open = data.findings.filter((one) => one.reported && !said(one));
    if (open.length) return `To decide: ${open.map((one) => one.title).join(", ")}.`;
    const bare = data.findings.filter(
      (one) => said(one) && said(one).decision !== "accept" && !said(one).reason.trim(),
    );
    if (bare.length) return `Without a reason: ${bare.map((one) => one.title).join(", ")}.`;
    return Object.keys(draft.said).length ? "" : "Nothing is decided yet.";
  }

  function decide(label, decision) {
    const now = draft.said[label];
    if (now?.decision === decision) return;
    draft.steps.push([label, now ?? null]);
    draft.said[label] = { decision, present: now?.present ?? "null", reason: now?.reason ?? "" };
    paint();
  }

  function undo() {
    const step = draft.steps.pop();
    if (!step) return;
    const [label, was] = step;
    if (was) draft.said[label] = was;
    else delete draft.said[label];
    paint();
    rows.get(label).line.focus();
  }

  const lines = () => data.findings.map((one) => rows.get(one.label).line);
  const here = () => lines().findIndex((line) => line.contains(root.activeElement ?? null)
    || line === line.getRootNode().activeElement || line.contains(line.getRootNode().activeElement));
  const go = (step) => {
    const at = here();
    const next = at < 0 ? (step > 0 ? 0 : data.findings.length - 1) : at + step;
    lines()[Math.min(Math.max(next, 0), data.findings.length - 1)].focus();
  };
  const decideHere = (decision) => {
    const at = here();
    if (at < 0) return go(1);
    const { label } = data.findings[at];
    decide(label, decision);
    if (decision === "accept") go(1);
    else rows.get(label).reason.focus();
  };

  function row(finding) {
    const line = made("li", "");
    line.tabIndex = -1;
    line.setAttribute("aria-label", `${finding.title}, ${finding.said}`);
    const head = made("div", "head");
    head.append(made("b", "", finding.title), made("span", "said", finding.said));
    const choices = made("div", "ways");
    const ways = ["accept", "edit", "reject"].map((way) => {
      const button = made("button", way, way[0].toUpperCase() + way.slice(1));
      button.type = "button";
      button.setAttribute("aria-label", `${button.textContent} ${finding.title}`);
      listen(button, "click", () => decide(finding.label, way));
      choices.append(button);
      return [way, button];
    });
    const more = made("div", "more");
    const present = made("select", "present");
    present.setAttribute("aria-label", `What holds of ${finding.title}`);
    for (const [value, text] of [["null", "cannot tell"], ["true", "present"], ["false", "absent"]]) {
      present.append(Object.assign(made("option", "", text), { value }));
    }
    const reason = made("input", "reason");
    Object.assign(reason, { type: "text", placeholder: "Reason", maxLength: data.longest[0] });
    reason.setAttribute("aria-label", `Reason for ${finding.title}`);
    const change = (field, part) => () => {
      draft.said[finding.label][field] = part.value;
      paint();
    };
    listen(present, "change", change("present", present));
    listen(reason, "input", change("reason", reason));
    listen(reason, "keydown", (event) => {
      if (event.key === "Escape" || event.key === "Enter") line.focus();
    });
    more.append(present, reason);
    line.append(head, choices, more);
    rows.set(finding.label, { line, ways, more, present, reason });
    return line;
  }

  find("ol").replaceChildren(...data.findings.map(row));
  const impression = find(".impression");
  impression.maxLength = data.longest[1];
  impression.value = draft.impression;
  listen(impression, "input", () => {
    draft.impression = impression.value;
    drafts.write(data.draft, draft);
  });
  listen(find(".rest"), "click", () => {
    for (const one of data.findings) if (!draft.said[one.label]) decide(one.label, "accept");
  });
  listen(sign, "click", () => {
    sign.disabled = true; // until the page answers: a second press is no second review
    const findings = Object.entries(draft.said).map(([label, said]) => ({
      label,
      decision: said.decision,
      present: JSON.parse(said.present),
      reason: said.reason,
    }));
    setTriggerValue("sign", JSON.stringify({ findings, impression: draft.impression }));
  });
  paint();
  return {
    j: () => go(1),
    k: () => go(-1),
    a: () => decideHere("accept"),
    e: () => decideHere("edit"),
    r: () => decideHere("reject"),
    u: undo,
  };
}
