// PNG -> the image's own values: a browser's decoder would cut 16 bits down to 8.
const LUMA = [0.299, 0.587, 0.114]; // as imaging/prepare.py has it
const CHANNELS = { 0: 1, 2: 3, 6: 4 }; // PNG 11.2.2, colour types

// {cols, rows, top, pixels}: grey values, row by row; `top` is the largest that can occur.
async function valuesOf(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(await said(answer));
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const [cols, rows, deep] = [view.getUint32(16), view.getUint32(20), bytes[24] === 16];
  const [channels, size] = [CHANNELS[bytes[25]], deep ? 2 : 1];
  const stride = cols * channels * size;
  const lines = unfiltered(await inflated(bytes, view), rows, stride, channels * size);
  const words = new DataView(lines.buffer);
  const value = deep ? (at) => words.getUint16(2 * at) : (at) => lines[at];
  const pixels = new (deep ? Uint16Array : Uint8Array)(rows * cols);
  for (let at = 0; at < pixels.length; at++) {
    if (channels === 1) pixels[at] = value(at);
    else {
      const from = at * channels;
      const grey = LUMA.reduce((sum, share, channel) => sum + share * value(from + channel), 0);
      pixels[at] = Math.round(grey);
    }
  }
  return { cols, rows, top: deep ? 65535 : 255, pixels };
}

async function said(answer) {
  try {
    const { error } = await answer.json();
    return `${error.message} ${error.hint}`;
  } catch {
    return `The server answered with ${answer.status}.`;
  }
}

async function inflated(bytes, view) {
  const parts = [];
  for (let at = 8; at < bytes.length; at += view.getUint32(at) + 12) {
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === "IDAT") parts.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// PNG 9.2: each line was written as its difference to a guess; here the guess is added again.
function unfiltered(lines, rows, stride, step) {
  const out = new Uint8Array(rows * stride);
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * (stride + 1) + 1, row * stride];
    const guess = GUESSES[lines[from - 1]];
    for (let i = 0; i < stride; i++) {
      const left = i < step ? 0 : out[to + i - step];
      const above = row === 0 ? 0 : out[to + i - stride];
      const corner = row === 0 || i < step ? 0 : out[to + i - stride - step];
      out[to + i] = lines[from + i] + guess(left, above, corner);
    }
  }
  return out;
}

const GUESSES = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  (left, above, corner) => {
    const whole = left + above - corner;
    const [a, b, c] = [left, above, corner].map((one) => Math.abs(whole - one));
    return a <= b && a <= c ? left : b <= c ? above : corner;
  },
];

// The smallest and the largest value, and those that hold the middle 98 % of the pixels.
function spreadOf({ pixels, top }) {
  const counts = new Uint32Array(top + 1);
  for (let at = 0; at < pixels.length; at++) counts[pixels[at]]++;
  const reached = (share) => {
    let seen = 0;
    return counts.findIndex((count) => (seen += count) > share * (pixels.length - 1));
  };
  return { least: reached(0), low: reached(0.01), high: reached(0.99), most: reached(1) };
}

// Draw values through a window: `low` is black, `high` is white, the other way round inverted.
function draw(canvas, { cols, rows, top, pixels }, { low, high, inverted }) {
  const shades = new Uint32Array(top + 1);
  for (let value = 0; value <= top; value++) {
    const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
    const shade = Math.round(255 * (inverted ? 1 - share : share));
    shades[value] = 0xff000000 | (shade << 16) | (shade << 8) | shade;
  }
  const image = new ImageData(cols, rows);
  const words = new Uint32Array(image.data.buffer);
  for (let at = 0; at < words.length; at++) words[at] = shades[pixels[at]];
  if (canvas.width !== cols || canvas.height !== rows) {
    [canvas.width, canvas.height] = [cols, rows];
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}
