// A picture out of a track, without stopping it.

const PART_BYTES = 3 << 20;

/** A track's picture now, RGB, row by row: as messages, for one of the wire may not be large. */
async function pictureOf(track, players) {
  let video = players.get(track);
  if (!video) {
    video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
    video.srcObject = new MediaStream([track]);
    players.set(track, video);
  }
  await video.play();
  while (video.readyState < 2 || !video.videoWidth) await new Promise((done) => setTimeout(done, 20));
  const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
  const pen = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  pen.drawImage(video, 0, 0);
  const { data, width, height } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const bytes = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    bytes[to++] = data[from];
    bytes[to++] = data[from + 1];
    bytes[to++] = data[from + 2];
  }
  const parts = Math.ceil(bytes.length / PART_BYTES);
  return Array.from({ length: parts }, (_, part) => ({
    content: { value: { width, height }, part, parts },
    buffers: [bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES).buffer],
  }));
}
