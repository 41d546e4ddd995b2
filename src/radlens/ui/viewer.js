// Everything happens in the browser: no value is sent back, so no rerun and no new record.
const bound = new WeakSet();

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".viewer");
  if (!root || !data) return;
  const find = (selector) => root.querySelector(selector);
  const [select, range, output] = ["select", "input", "output"].map(find);

  const paintOpacity = () => {
    find(".heat").style.opacity = String(range.value / 100);
    output.textContent = `${range.value} %`;
  };
  const paintLabel = () => {
    const layer = root.layers.find((one) => one.label === select.value);
    const heat = find(".heat");
    heat.hidden = layer.src === null;
    if (layer.src !== null) heat.src = layer.src;
    heat.alt = layer.src === null ? "" : `Heat map over the image: evidence for ${layer.title}`;
    heat.dataset.label = layer.label;
    find(".none").hidden = layer.src !== null;
    find(".says").textContent = layer.says;
    find(".scale").hidden = layer.src === null;
    find(".peak").textContent = layer.peak;
  };

  root.layers = data.layers;
  if (root.dataset.prediction !== data.id) {
    root.dataset.prediction = data.id;
    select.replaceChildren(
      ...data.layers.map((layer) => {
        const option = document.createElement("option");
        option.value = layer.label;
        option.textContent = layer.src === null ? `${layer.title} (no evidence)` : layer.title;
        return option;
      }),
    );
    select.value = data.start;
    for (const image of root.querySelectorAll(".plain, .under")) image.src = data.image;
    for (const frame of root.querySelectorAll(".frame")) {
      frame.style.aspectRatio = `${data.size[0]} / ${data.size[1]}`;
      frame.style.maxWidth = `calc(70vh * ${data.size[0] / data.size[1]})`;
    }
    find(".scale img").src = data.scale;
    find(".caption").textContent = data.caption;
    find(".warning").textContent = data.warning;
    find(".warning").hidden = data.warning === "";
  }
  if (!bound.has(root)) {
    bound.add(root);
    range.addEventListener("input", paintOpacity);
    select.addEventListener("change", paintLabel);
  }
  paintOpacity();
  paintLabel();
}
