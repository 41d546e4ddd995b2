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
