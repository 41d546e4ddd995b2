// Which part of the image is seen, the same in every frame: zoom, pan, and how long a millimetre is.
const MOST = 20;
const NICE_MM = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

// `part` is what an event moves on: "sight" or, where a drag sets the window, "window".
function sightOf(frames, { mode, onWindow, onChange }) {
  const sight = { zoom: 1, x: 0, y: 0 }; // x and y: where the left upper corner is, in images
  const paint = () => {
    for (const frame of frames) {
      const stage = frame.querySelector(".stage");
      stage.style.transform = `translate(${100 * sight.x}%, ${100 * sight.y}%) scale(${sight.zoom})`;
      frame.classList.toggle("held", sight.zoom > 1 || mode() === "window");
    }
    onChange(sight);
  };
  const within = (place) => Math.min(0, Math.max(1 - sight.zoom, place));
  const move = (dx, dy) => {
    [sight.x, sight.y] = [within(sight.x + dx), within(sight.y + dy)];
    paint();
  };
  // Enlarge by a factor about a place of the frame, 0 to 1, which stays where it is.
  const zoom = (factor, at = [0.5, 0.5]) => {
    const before = sight.zoom;
    sight.zoom = Math.min(MOST, Math.max(1, before * factor));
    const grown = sight.zoom / before;
    move((at[0] - sight.x) * (1 - grown), (at[1] - sight.y) * (1 - grown));
  };
  const reset = () => {
    Object.assign(sight, { zoom: 1, x: 0, y: 0 });
    paint();
  };
  for (const frame of frames) follow(frame, { mode, onWindow, move, zoom });
  return { paint, move, zoom, reset };
}

// One finger or the mouse moves or sets the window, two fingers zoom, the wheel does in a frame
// that has the focus: elsewhere it scrolls the page.
function follow(frame, { mode, onWindow, move, zoom }) {
  const down = new Map();
  const place = (event) => {
    const box = frame.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  const apart = () => {
    const [one, other] = [...down.values()];
    return Math.hypot(one[0] - other[0], one[1] - other[1]);
  };
  frame.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    down.set(event.pointerId, place(event));
    frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const spread = down.size === 2 ? apart() : 0;
    const now = place(event);
    down.set(event.pointerId, now);
    if (spread) zoom(apart() / spread, now);
    else (mode() === "window" ? onWindow : move)(now[0] - before[0], now[1] - before[1]);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    frame.addEventListener(end, (event) => down.delete(event.pointerId));
  }
  frame.addEventListener(
    "wheel",
    (event) => {
      if (!frame.matches(":focus")) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400), place(event));
    },
    { passive: false },
  );
}

// The longest nice length that takes at most a quarter of what is seen: [mm, share of the width].
function barOf(widthMm, zoom) {
  const seen = widthMm / zoom;
  const mm = NICE_MM.findLast((length) => length <= seen / 4) ?? NICE_MM[0];
  return [mm, mm / seen];
}
