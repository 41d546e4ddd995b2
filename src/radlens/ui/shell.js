// The engine waits for the regular letters of all scripts, which charts measure; without them it
// begins all the same.
const lettered = Promise.allSettled(
  [...document.fonts].filter((face) => face.weight === "400").map((face) => face.load()),
);
// Before the engine begins: dark, unless somebody chose light. It remembers a theme for each address
// of its pages; the choice is kept once (appearance.js) and handed to the address that is opened.
{
  let chosen = "Dark";
  try {
    if (localStorage.getItem("radlens.theme") === "Light") chosen = "Light";
    localStorage.setItem(`stActiveTheme-${location.pathname}-v2`, JSON.stringify(chosen));
  } catch {} // a browser that remembers nothing shows what its system likes
  document.documentElement.style.colorScheme = chosen.toLowerCase();
}
// The engine says that it lost its server in words for whoever writes pages. These are for whoever
// reads images on them; what the engine wrote is its own, and only hidden.
{
  const kept =
    "What you have written stays in this tab, and what is on record stays on record. Leave the page " +
    "open: it goes on by itself once the server answers again.";
  const say = () => {
    for (const title of document.querySelectorAll("[role=dialog] h2")) {
      if (title.textContent !== "Connection error") continue;
      title.firstChild.nodeValue = "The server does not answer";
      const body = title.nextElementSibling;
      for (const part of body.children) part.style.display = "none";
      body.append(Object.assign(document.createElement("p"), { textContent: kept }));
    }
  };
  new MutationObserver(say).observe(document.documentElement, { childList: true, subtree: true });
}
