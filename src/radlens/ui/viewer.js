// Everything happens in the browser: no value is sent back, so no rerun and no new record.
const rooms = new WeakMap();
const KEPT = "radlens.viewer"; // how this tab likes to see images, from one image to the next

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".viewer");
  if (!root || !data) return;
  if (!rooms.has(root)) rooms.set(root, roomOf(root));
  rooms.get(root)(data);
}

function roomOf(root) {
  const find = (selector) => root.querySelector(selector);
  const every = (selector) => [...root.querySelectorAll(selector)];
  const [label, opacity, layout, preset, level, width, mode] = [
    ...[".label", ".opacity", ".layout", ".preset", ".level", ".width", ".mode"],
  ].map(find);
  const frames = every(".frame");
  const window = { low: 0, high: 1, inverted: false };
  const habits = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  let data = {};
  let values = null;
  let spread = null;
  let waiting = false;

  const sight = sightOf(frames, {
    mode: () => mode.value,
    onWindow: (dx, dy) => setWindow(dy * reach(), dx * reach()),
    onChange: paintSight,
  });
  const reach = () => spread.most - spread.least || 1;

  // A picture is drawn at most once a frame of the screen, however fast a slider moves.
  function paintWindow() {
    const round = (number) => Math.round(number).toLocaleString("en");
    level.value = (window.low + window.high) / 2;
    width.value = window.high - window.low;
    level.nextElementSibling.textContent = round((window.low + window.high) / 2);
    width.nextElementSibling.textContent = round(window.high - window.low);
    find(".invert").setAttribute("aria-pressed", String(window.inverted));
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw(find(".plain"), values, window);
      const under = find(".under");
      [under.width, under.height] = [values.cols, values.rows];
      under.getContext("2d").drawImage(find(".plain"), 0, 0);
    });
  }
  function setWindow(higher, wider) {
    const middle = (window.low + window.high) / 2 + higher;
    const half = Math.max(1, window.high - window.low + wider) / 2;
    [window.low, window.high] = [middle - half, middle + half];
    preset.value = "own";
    paintWindow();
  }
  function paintPreset() {
    const { least, low, high, most } = spread;
    const ends = { told: data.window, middle: [low, high], all: [least, most] }[preset.value];
    [window.low, window.high] = [ends[0], Math.max(ends[1], ends[0] + 1)];
    paintWindow();
  }
  function paintSight({ zoom }) {
    find(".zoom").textContent = `${Math.round(100 * zoom)} %`;
    if (!data.spacing) return;
    const [mm, share] = barOf(data.size[0] * data.spacing[1], zoom);
    for (const bar of every(".bar")) {
      bar.hidden = false;
      bar.style.width = `${100 * share}%`;
      bar.textContent = mm < 10 ? `${mm} mm` : `${mm / 10} cm`;
      bar.setAttribute("aria-label", `Scale bar: ${bar.textContent}`);
    }
  }
  function paintOpacity() {
    find(".heat").style.opacity = String(opacity.value / 100);
    opacity.nextElementSibling.textContent = `${opacity.value} %`;
  }
  function paintLayout() {
    const over = layout.value === "over" && data.layers.length > 0;
    find(".pair").classList.toggle("over", over);
  }
  function keep() {
    const kept = { opacity: opacity.value, layout: layout.value };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  }
  function paintLabel() {
    const layer = data.layers.find((one) => one.label === label.value);
    const heat = find(".heat");
    heat.hidden = layer.src === null;
    if (layer.src !== null) heat.src = layer.src;
    heat.alt = layer.src === null ? "" : `Heat map over the image: evidence for ${layer.title}`;
    heat.dataset.label = layer.label;
    find(".none").hidden = layer.src !== null;
    find(".says").textContent = layer.says;
    find(".scale").hidden = layer.src === null;
    find(".peak").textContent = layer.peak;
  }
  function reset() {
    window.inverted = false;
    preset.value = "told";
    paintPreset();
    sight.reset();
  }
  function invert() {
    window.inverted = !window.inverted;
    paintWindow();
  }

  async function take(address) {
    const found = await valuesOf(address);
    values = found;
    spread = spreadOf(found);
    for (const slider of [level, width]) {
      const most = slider === level ? spread.most : reach();
      [slider.min, slider.max] = [slider === level ? spread.least : 1, Math.max(most, 2)];
      slider.step = Math.max(1, Math.round(reach() / 256));
    }
    root.dataset.size = `${found.cols} x ${found.rows}`;
  }
  function say(trouble) {
    find(".trouble").textContent = trouble;
    find(".trouble").hidden = trouble === "";
  }
  async function takeFull() {
    const button = find(".full");
    button.disabled = true;
    button.textContent = "Fetching the full resolution";
    say("");
    try {
      await take(data.full);
      paintWindow();
      button.textContent = `Full resolution: ${data.size.join(" x ")}`;
    } catch (error) {
      say(`The full resolution could not be fetched. ${error.message}`);
      button.disabled = false;
      button.textContent = "Full resolution";
    }
  }

  const KEYS = {
    "+": () => sight.zoom(1.25),
    "=": () => sight.zoom(1.25),
    "-": () => sight.zoom(0.8),
    0: reset,
    i: invert,
    ArrowLeft: () => sight.move(0.1, 0),
    ArrowRight: () => sight.move(-0.1, 0),
    ArrowUp: () => sight.move(0, 0.1),
    ArrowDown: () => sight.move(0, -0.1),
  };
  for (const frame of frames) {
    frame.addEventListener("keydown", (event) => {
      const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!act || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      act();
    });
  }
  opacity.addEventListener("input", () => [paintOpacity(), keep()]);
  layout.addEventListener("change", () => [paintLayout(), keep()]);
  label.addEventListener("change", paintLabel);
  preset.addEventListener("change", paintPreset);
  mode.addEventListener("change", sight.paint);
  level.addEventListener("input", () => setWindow(level.value - (window.low + window.high) / 2, 0));
  width.addEventListener("input", () => setWindow(0, width.value - (window.high - window.low)));
  find(".in").addEventListener("click", () => sight.zoom(1.25));
  find(".out").addEventListener("click", () => sight.zoom(0.8));
  find(".invert").addEventListener("click", invert);
  find(".reset").addEventListener("click", reset);
  find(".full").addEventListener("click", takeFull);

  function open() {
    label.replaceChildren(
      ...data.layers.map((layer) => {
        const title = layer.src === null ? `${layer.title} (no evidence)` : layer.title;
        return new Option(title, layer.label);
      }),
    );
    label.value = data.start;
    opacity.value = habits.opacity ?? 55;
    layout.value = habits.layout ?? "beside";
    preset.options[0].textContent = data.preset;
    const [row, col] = data.spacing ?? [1, 1];
    const shape = (data.size[0] * col) / (data.size[1] * row);
    frames.forEach((frame, at) => {
      frame.style.aspectRatio = String(shape);
      frame.style.maxWidth = `calc(70vh * ${shape})`;
      frame.setAttribute("aria-label", at ? "Image with its heat map" : "Image");
    });
    find(".scale img").src = data.scale;
    find(".caption").textContent = data.caption;
    find(".warning").textContent = data.warning;
    find(".warning").hidden = data.warning === "";
    find(".full").hidden = data.full === null;
    paintOpacity();
    paintLayout();
    take(data.values).then(reset, (error) => say(`The image cannot be shown. ${error.message}`));
  }

  return (given) => {
    const other = data.id !== given.id;
    data = given;
    root.classList.toggle("alone", data.layers.length === 0);
    if (other) open();
    if (data.layers.length > 0) paintLabel();
  };
}
