// What enlarged text breaks on a page: sideways scrolling, text cut off, text over text, buttons away.
() => {
  const main = document.querySelector("[data-testid=stMain]");
  const roots = [main, document.querySelector("[data-testid=stSidebar]")];
  const found = [];
  const width = document.documentElement.clientWidth;
  for (const [name, box] of [["page", document.documentElement], ["main", main]]) {
    if (box.scrollWidth > box.clientWidth + 1) found.push(`the ${name} scrolls sideways`);
  }
  const up = (e) => e.assignedSlot ?? e.parentElement ?? e.getRootNode().host ?? null;
  const seen = (e) => {
    for (let at = e; at; at = up(at)) {
      if (!at.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
      if (getComputedStyle(at).clipPath !== "none" || at.offsetWidth === 1) return false;
    }
    return true;
  };
  // Where an ancestor cuts what sticks out; one that can be scrolled there cuts nothing off.
  const cut = (e, box) => {
    for (let at = e; at && !roots.includes(at); at = up(at)) {
      const style = getComputedStyle(at), edge = at.getBoundingClientRect();
      const kept = (way) => !["hidden", "clip"].includes(way);
      if (!kept(style.overflowX) && (box.left < edge.left - 2 || box.right > edge.right + 2)) return true;
      if (!kept(style.overflowY) && (box.top < edge.top - 4 || box.bottom > edge.bottom + 4)) return true;
      if (["auto", "scroll"].includes(style.overflowX)) return false;
    }
    return box.left < width && box.right > width + 1;
  };
  const words = [];
  const walk = (node) => {
    if (node.shadowRoot) walk(node.shadowRoot);
    for (const child of node.childNodes) {
      if (child.nodeType === Node.ELEMENT_NODE && !["STYLE", "SCRIPT"].includes(child.tagName)) walk(child);
      if (child.nodeType !== Node.TEXT_NODE || !child.data.trim()) continue;
      const holder = child.parentElement ?? child.getRootNode().host;
      if (!seen(holder)) continue;
      const range = document.createRange();
      range.selectNodeContents(child);
      for (const box of range.getClientRects()) {
        if (box.width > 1 && box.height > 1) words.push({ text: child.data.trim().slice(0, 40), holder, box });
      }
    }
  };
  roots.forEach(walk);
  for (const { text, holder, box } of words) if (cut(holder, box)) found.push(`cut off: ${text}`);
  // A line's box is taller than its letters: a quarter of it is left aside above and below.
  words.forEach((one, at) => {
    for (const other of words.slice(at + 1)) {
      if (one.holder === other.holder) continue;
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const tall = Math.min(one.box.height, other.box.height);
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      if (across > 2 && down > tall / 2) found.push(`${one.text} over ${other.text}`);
    }
  });
  const buttons = [];
  const collect = (node) => {
    for (const e of node.querySelectorAll("*")) {
      if (e.shadowRoot) collect(e.shadowRoot);
      if (e.matches("button, [role=button], a[href], input, select, textarea")) buttons.push(e);
    }
  };
  roots.forEach(collect);
  for (const button of buttons) {
    const box = button.getBoundingClientRect();
    if (seen(button) && box.width && (box.right < 1 || box.left > width - 1)) {
      found.push(`out of reach: ${button.textContent || button.tagName}`);
    }
  }
  return [...new Set(found)];
}
