// What a person switches in the page, without a word to the kernel: mute, camera off and on, another device.

function addSwitches(call, changed) {
  const failed = (what, error) => { call.note = `the ${what} can't be opened (${error.name}): ${error.message}`; };
  const put_in = async (kind, source) => {
    const old = call.sources[kind];
    call.sources[kind] = source;
    source.track.enabled = !call.muted[kind];
    await call.peer?.replace(kind, source.track);
    old?.stop();
    call.follow(kind);
  };
  const open = async (what, kind) => {
    try {
      const opened = await openDevices([what], call.wants, call.devices);
      if (!call.peer) return opened[kind].stop(); // it ended meanwhile
      await put_in(kind, opened[kind]);
      call.off[kind] = false;
      call.note = "";
      return true;
    } catch (error) {
      failed(what, error);
      return false;
    }
  };

  call.mute = () => {
    const { track } = call.sources.audio;
    track.enabled = !track.enabled;
    call.muted.audio = !track.enabled;
    changed();
  };
  /** The camera itself goes off, and its light. */
  call.toggle = async () => {
    if (call.off.video) await open("camera", "video");
    else {
      const source = call.sources.video;
      delete call.sources.video;
      call.off.video = true;
      await call.peer?.replace("video", null);
      source?.stop();
    }
    changed();
  };
  call.choose = async (what, kind, device) => {
    const before = call.devices[what];
    call.devices[what] = device;
    if (!call.off[kind] && !(await open(what, kind))) call.devices[what] = before;
    changed();
  };
  /** Say so when a device goes by itself. */
  call.follow = (kind) => {
    const { track } = call.sources[kind];
    track.addEventListener("ended", () => {
      if (call.sources[kind]?.track !== track) return;
      if (call.wants[kind] === "screen") call.shut("source");
      else call.note = `the ${kind === "video" ? "camera" : "microphone"} has gone: choose another one`;
      changed();
    });
  };
}
