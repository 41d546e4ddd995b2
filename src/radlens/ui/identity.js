// Says who is there, and asks now and then whether the session still is.
const EVERY_MS = 3000;

export default function ({ data, parentElement: root }) {
  const part = (name) => root.querySelector(name);
  part(".name").textContent = data.name;
  part(".role").textContent = data.role;
  part(".demo").hidden = !data.demo;
  part("form").hidden = data.demo;
  if (data.demo) return;

  const ended = part(".ended");
  async function look() {
    let answer;
    try {
      answer = await fetch("/session", { cache: "no-store" });
    } catch {
      return; // the server does not answer, which the page says already
    }
    const gone = answer.status === 401;
    if (gone && ended.hidden) setTimeout(() => part("a").focus());
    ended.hidden = !gone;
  }
  const timer = setInterval(look, EVERY_MS);
  const seen = () => document.visibilityState === "visible" && look();
  document.addEventListener("visibilitychange", seen);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}
