// What a page can send: camera, microphone, screen, or the test source; and why the browser gives none.

const FEATURES = { camera: "camera", microphone: "microphone", screen: "display-capture" };
const INPUTS = { camera: "videoinput", microphone: "audioinput" };

/** Whether the frame's permissions policy allows it; null where the browser does not tell. */
function policyAllows(what) {
  const policy = document.permissionsPolicy ?? document.featurePolicy;
  return policy?.allowsFeature ? policy.allowsFeature(FEATURES[what]) : null;
}

async function permissionOf(what) {
  try {
    return (await navigator.permissions.query({ name: what })).state;
  } catch {
    return null; // this browser does not tell
  }
}

/** The devices of a kind, those without a name too; none where the browser tells of none. */
async function devicesOf(what) {
  try {
    return (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === INPUTS[what]);
  } catch {
    return [];
  }
}

/** An error with what the kernel needs to say why. */
class RefusedError extends Error {
  constructor(cause, facts) {
    super(cause.message);
    Object.assign(this, { name: cause.name, facts: { ...facts, name: cause.name, message: cause.message } });
  }
}

/** Which of several kinds it was: the one that is missing, or denied, or else the first. */
async function culprit(error, whats) {
  for (const what of whats) {
    if (error.name === "NotFoundError" && !(await devicesOf(what)).length) return what;
    if (error.name === "NotAllowedError" && (await permissionOf(what)) === "denied") return what;
  }
  return whats[0];
}

async function refusal(error, whats) {
  const what = await culprit(error, whats);
  return new RefusedError(error, {
    what, secure: window.isSecureContext, allowed: policyAllows(what), permission: await permissionOf(what),
    origin: window.location.origin, seen: INPUTS[what] ? (await devicesOf(what)).length : null,
  });
}

function videoConstraints({ width, height, fps }, device) {
  const wanted = { ...(device && { deviceId: { exact: device } }) };
  if (width) wanted.width = { ideal: width };
  if (height) wanted.height = { ideal: height };
  if (fps) wanted.frameRate = { ideal: fps };
  return wanted;
}

function sourceOf(track) {
  return track && { track, stop: () => track.stop() };
}

/** Ask for devices of the user; `whats` are camera and/or microphone. Returns their sources by kind. */
async function openDevices(whats, wants, devices) {
  try {
    for (const what of whats) {
      if (policyAllows(what) === false) throw new DOMException("by the permissions policy", "NotAllowedError");
    }
    const microphone = devices.microphone ? { deviceId: { exact: devices.microphone } } : true;
    const stream = await navigator.mediaDevices.getUserMedia({
      video: whats.includes("camera") && videoConstraints(wants, devices.camera),
      audio: whats.includes("microphone") && microphone,
    });
    return { video: sourceOf(stream.getVideoTracks()[0]), audio: sourceOf(stream.getAudioTracks()[0]) };
  } catch (error) {
    throw await refusal(error, whats);
  }
}

/** Ask what to share. A browser lets a page ask only just after a click: `click` gives one, if need be. */
async function openScreen(wants, click) {
  for (let tries = 0; ; tries += 1) {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: videoConstraints(wants) });
      return sourceOf(stream.getVideoTracks()[0]);
    } catch (error) {
      const needsClick = error.name === "InvalidStateError" || (error.name === "NotAllowedError"
        && !(navigator.userActivation?.isActive ?? true));
      if (tries || !needsClick) throw await refusal(error, ["screen"]);
      await click();
    }
  }
}

/** Everything that is wanted, by kind: {track, stop}. What was opened is stopped again if a part fails. */
async function capture(wants, devices, click) {
  const whats = [wants.video === "camera" && "camera", wants.audio === "microphone" && "microphone"].filter(Boolean);
  const sources = {};
  try {
    if (wants.video === "screen") sources.video = await openScreen(wants, click);
    if (whats.length) {
      const opened = await openDevices(whats, wants, devices);
      for (const kind of ["video", "audio"]) if (opened[kind]) sources[kind] = opened[kind];
    }
    if (wants.video === "test") sources.video = testVideo(wants);
    if (wants.audio === "test") sources.audio = testAudio();
    return sources;
  } catch (error) {
    Object.values(sources).forEach((source) => source.stop());
    throw error;
  }
}
