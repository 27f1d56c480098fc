// The generated test source: the pattern of the kernel's own (bars, a moving square, a frame counter), a tone.

const PATTERN_BARS = ["#fff", "#ff0", "#0ff", "#0f0", "#f0f", "#f00", "#00f", "#000"];
const COUNTER_BITS = 16;
const SWEEP_SECS = 4;

/** The counter's cells: white, black, the bits, and how many of them are set modulo 4. */
function counterCells(counter) {
  const bits = Array.from({ length: COUNTER_BITS }, (_, at) => (counter >> (COUNTER_BITS - 1 - at)) & 1);
  const ones = bits.reduce((sum, bit) => sum + bit, 0) % 4;
  return [1, 0, ...bits, ones >> 1, ones & 1];
}

/** A video track that is drawn here, and what stops it. */
function testVideo({ width, height, fps }) {
  const canvas = Object.assign(document.createElement("canvas"), { width: width ?? 640, height: height ?? 480 });
  const rate = fps ?? 30;
  const pen = canvas.getContext("2d", { alpha: false });
  const [top, bottom] = [Math.floor(canvas.height * 0.75), Math.floor(canvas.height * 0.875)];
  const began = performance.now();
  const draw = () => {
    const counter = Math.floor(((performance.now() - began) / 1000) * rate);
    const phase = (counter / rate / SWEEP_SECS) % 1;
    PATTERN_BARS.forEach((colour, at) => {
      pen.fillStyle = colour;
      pen.fillRect((canvas.width * at) / 8, 0, canvas.width / 8, top);
    });
    pen.fillStyle = "#202020";
    pen.fillRect(0, top, canvas.width, bottom - top);
    pen.fillStyle = "#fff";
    pen.fillRect((canvas.width - bottom + top) * (1 - Math.abs(1 - 2 * phase)), top, bottom - top, bottom - top);
    const cells = counterCells(counter % 2 ** COUNTER_BITS);
    cells.forEach((white, at) => {
      pen.fillStyle = white ? "#fff" : "#000";
      const left = Math.floor((canvas.width * at) / cells.length);
      pen.fillRect(left, bottom, Math.floor((canvas.width * (at + 1)) / cells.length) - left, canvas.height - bottom);
    });
  };
  draw();
  const timer = setInterval(draw, 1000 / rate);
  const [track] = canvas.captureStream(rate).getVideoTracks();
  return { track, stop: () => { clearInterval(timer); track.stop(); } };
}

/** An audio track with a tone of 440 Hz, and what stops it. */
function testAudio() {
  const context = new AudioContext();
  const volume = new GainNode(context, { gain: 0.25 });
  const tone = new OscillatorNode(context, { frequency: 440 });
  const out = context.createMediaStreamDestination();
  tone.connect(volume).connect(out);
  tone.start();
  context.resume().catch(() => {}); // a page without a click yet: it begins with the first one
  const [track] = out.stream.getAudioTracks();
  return { track, stop: () => { track.stop(); context.close(); } };
}
