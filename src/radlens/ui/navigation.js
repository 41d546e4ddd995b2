// The engine puts the headings of groups between the items of its list of pages, where a list may
// not have them: to a screen reader it is links under headings instead, as the eye sees it.
const ITEMS = '[data-testid="stSidebarNavItems"]';

const mend = () => {
  for (const part of document.querySelectorAll(`${ITEMS}, ${ITEMS} li`)) {
    if (part.getAttribute("role") !== "none") part.setAttribute("role", "none");
  }
};

export default function () {
  const observer = new MutationObserver(mend);
  observer.observe(document.body, { childList: true, subtree: true });
  mend();
  return () => observer.disconnect();
}
