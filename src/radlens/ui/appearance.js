// The switch between dark and light: what was chosen is read as a page is opened (shell.js).
const CHOSEN = "radlens.theme";

export default function ({ parentElement: root }) {
  const button = root.querySelector("button");
  const other = document.documentElement.style.colorScheme === "light" ? "Dark" : "Light";
  button.textContent = `${other} theme`;
  button.onclick = () => {
    try {
      localStorage.setItem(CHOSEN, other);
    } catch {
      return; // a browser that remembers nothing stays dark
    }
    location.reload();
  };
}
