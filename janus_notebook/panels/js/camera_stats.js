// What a peer connection says of itself, in the words of the kernel's own.

/** The counters by mid and of the transport, and the candidate pair in use. */
function readStats(report, transceivers) {
  const all = [...report.values()];
  const by = (type) => all.filter((each) => each.type === type && !each.isRemote);
  const media = transceivers.filter(({ mid }) => mid !== null).map((transceiver) => {
    const { mid, currentDirection: direction, receiver } = transceiver;
    const inbound = by("inbound-rtp").find((each) => each.mid === mid);
    const outbound = by("outbound-rtp").filter((each) => each.mid === mid);
    const theirs = by("remote-inbound-rtp").filter(({ localId }) => outbound.some(({ id }) => id === localId));
    const add = (rows, name) => (rows.length ? rows.reduce((sum, row) => sum + (row[name] ?? 0), 0) : null);
    const codec = report.get((outbound[0] ?? inbound)?.codecId)?.mimeType?.split("/")[1];
    return {
      mid, kind: receiver.track.kind, direction, codec: codec ?? null,
      packets_in: inbound?.packetsReceived ?? 0, bytes_in: inbound?.bytesReceived ?? null,
      frames_in: inbound?.framesDecoded ?? 0, lost_in: Math.max(0, inbound?.packetsLost ?? 0),
      jitter_in_secs: inbound?.jitter ?? null,
      packets_out: add(outbound, "packetsSent") ?? 0, bytes_out: add(outbound, "bytesSent") ?? 0,
      lost_out: theirs.length ? Math.max(0, add(theirs, "packetsLost")) : null,
      jitter_out_secs: theirs[0]?.jitter ?? null, rtt_secs: theirs[0]?.roundTripTime ?? null,
      width: inbound?.frameWidth ?? null, height: inbound?.frameHeight ?? null, fps: inbound?.framesPerSecond ?? null,
    };
  });
  const transport = by("transport")[0];
  const pair = report.get(transport?.selectedCandidatePairId)
    ?? by("candidate-pair").find((each) => each.nominated && each.state === "succeeded");
  const side = (id) => {
    const found = report.get(id);
    return found && {
      address: found.address ?? found.ip ?? "", port: found.port, type: found.candidateType, protocol: found.protocol,
    };
  };
  const counted = transport?.bytesReceived === undefined ? pair : transport;
  return {
    media,
    transport: counted ? {
      bytes_in: counted.bytesReceived, bytes_out: counted.bytesSent,
      packets_in: counted.packetsReceived ?? 0, packets_out: counted.packetsSent ?? 0,
    } : {},
    pair: pair ? { local: side(pair.localCandidateId), remote: side(pair.remoteCandidateId) } : null,
  };
}
