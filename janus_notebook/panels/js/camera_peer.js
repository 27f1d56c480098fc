// The page's peer connection: the kernel asks it for descriptions, and hears of what it does.

const CANDIDATES_MS = 20;
const LAYERS = [
  { rid: "h", maxBitrate: 1200000 },
  { rid: "m", maxBitrate: 400000, scaleResolutionDownBy: 2 },
  { rid: "l", maxBitrate: 150000, scaleResolutionDownBy: 4 },
];

/** say(what, facts) tells the kernel; `sources` are what is sent by kind; changed() when tracks came or went. */
function makePeer({ servers, sources, simulcast, say, changed }) {
  const iceServers = servers.map(({ urls, username, credential }) => ({ urls, username, credential }));
  const pc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
  const stream = new MediaStream();
  const channels = new Map();
  const found = [];
  const early = [];
  let last = { media: [], transport: {}, pair: null };
  let timer = null;

  const flush = () => {
    clearTimeout(timer);
    timer = null;
    if (found.length && pc.signalingState !== "closed") say("candidates", { candidates: found.splice(0) });
  };
  pc.onicecandidate = ({ candidate }) => {
    if (candidate && !candidate.candidate) return; // the end of one section
    found.push(candidate ? candidate.toJSON() : { completed: true });
    if (!candidate) flush();
    else timer ??= setTimeout(flush, CANDIDATES_MS);
  };

  /** What is received, by mid. */
  const tracks = () => pc.getTransceivers()
    .filter(({ mid, currentDirection, stopped }) => mid !== null && !stopped && /recv/.test(currentDirection ?? ""))
    .map(({ mid, receiver }) => ({ mid, kind: receiver.track.kind, track: receiver.track }));
  const facts = () => ({
    state: pc.connectionState, signaling: pc.signalingState, ice_gathering: pc.iceGatheringState,
    ice: pc.iceConnectionState, pair: last.pair,
    dtls: (pc.getTransceivers()[0]?.sender.transport ?? pc.sctp?.transport)?.state ?? "new",
    tracks: tracks().map(({ mid, kind, track }) => {
      const counted = last.media.find((each) => each.mid === mid);
      const frames = kind === "video" ? counted?.frames_in : counted?.packets_in;
      return { mid, kind, frames: frames ?? 0, width: counted?.width, height: counted?.height, ended: track.readyState === "ended" };
    }),
  });
  const tell = () => { say("state", { peer: facts() }); changed(); };
  for (const name of ["connectionstatechange", "iceconnectionstatechange", "icegatheringstatechange", "track"]) {
    pc.addEventListener(name, tell);
  }

  const listen = (channel) => {
    channels.set(channel.label, channel);
    channel.binaryType = "arraybuffer";
    const { label } = channel;
    channel.onopen = () => say("channel", { label });
    channel.onclose = () => say("channel_closed", { label });
    channel.onmessage = ({ data }) => say("message", typeof data === "string"
      ? { label, text: data } : { label, data: [...new Uint8Array(data)] });
    if (channel.readyState === "open") say("channel", { label });
  };
  pc.ondatachannel = ({ channel }) => listen(channel);

  const sending = (kind) => pc.getTransceivers()
    .find(({ receiver, direction, stopped }) => !stopped && receiver.track.kind === kind && /send/.test(direction));
  /** Send, in the sections that there are or in new ones, what is wanted of what was captured. */
  const place = (send, add) => {
    for (const kind of ["audio", "video"]) {
      const track = send[kind] ? sources[kind]?.track : null;
      const there = sending(kind);
      if (there) there.sender.replaceTrack(track ?? null);
      else if (track) add(kind, track);
    }
  };
  const receive = (kinds) => {
    for (const transceiver of pc.getTransceivers()) {
      const { sender, receiver: { track: { kind } } } = transceiver;
      const [sends, receives] = [Boolean(sender.track), kinds.includes(kind)];
      if (transceiver.stopped) continue;
      transceiver.direction = sends ? (receives ? "sendrecv" : "sendonly") : (receives ? "recvonly" : "inactive");
    }
  };
  const remote = async (type, sdp) => {
    await pc.setRemoteDescription({ type, sdp });
    for (const candidate of early.splice(0)) await pc.addIceCandidate(candidate);
  };

  return {
    pc, facts, tracks,
    async offer({ send, receive: kinds, data }) {
      place(send, (kind, track) => {
        const sendEncodings = kind === "video" && simulcast ? LAYERS : undefined;
        pc.addTransceiver(track, { streams: [stream], ...(sendEncodings && { sendEncodings }) });
      });
      for (const kind of kinds) {
        const there = pc.getTransceivers().some(({ receiver }) => receiver.track.kind === kind);
        if (!there) pc.addTransceiver(kind, { direction: "recvonly" });
      }
      receive(kinds);
      if (data && !pc.sctp && !channels.size) listen(pc.createDataChannel("JanusDataChannel"));
      await pc.setLocalDescription(await pc.createOffer());
      return pc.localDescription.sdp;
    },
    async answer({ remote: sdp, send, receive: kinds }) {
      await remote("offer", sdp);
      place(send, (kind, track) => pc.addTrack(track, stream));
      receive(kinds);
      await pc.setLocalDescription(await pc.createAnswer());
      tell();
      return pc.localDescription.sdp;
    },
    async accept({ remote: sdp }) { await remote("answer", sdp); tell(); },
    async rollback() {
      if (pc.signalingState === "have-local-offer") await pc.setLocalDescription({ type: "rollback" });
    },
    async candidate({ candidate }) {
      const next = candidate.completed ? null : candidate;
      if (!pc.remoteDescription) early.push(next);
      else if (pc.signalingState !== "closed") await pc.addIceCandidate(next);
    },
    channel({ label }) { if (!channels.has(label)) listen(pc.createDataChannel(label)); },
    closeChannel({ label }) { channels.get(label)?.close(); },
    send({ label, text, data }) {
      const channel = channels.get(label);
      if (channel?.readyState !== "open") throw new Error(`the data channel is ${channel?.readyState ?? "not there"}`);
      channel.send(text ?? new Uint8Array(data));
    },
    /** Another track for a kind, or none, without negotiating. */
    async replace(kind, track) { await sending(kind)?.sender.replaceTrack(track); },
    async look() {
      last = readStats(await pc.getStats(), pc.getTransceivers());
      return last;
    },
    close() { clearTimeout(timer); pc.close(); },
  };
}
