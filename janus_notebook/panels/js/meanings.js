// What is told in tooltips, the same in every panel.

const CLOCKS = "Times, here and in every panel: 12:34:56 is the time of day of this browser; +1.234 s is since the session " +
  "began; 0:12 or 1:02:03 is how long something lasts (hours, minutes, seconds).";

// What the columns of tables mean; those of a number of seconds or a time of day are told by CLOCKS.
const COLUMN_MEANINGS = {
  "#": "Number of the entry in the session's log", at: CLOCKS, since: CLOCKS, when: CLOCKS, for: CLOCKS,
  direction: "→ we asked, ← Janus answered, ⇐ Janus spoke by itself, • happened on this side",
  handle: "What you call it, and its id on the server", why: "Why it is in this state, where that was told",
  mid: "The media section of the SDP (a=mid)", "seen by": "Whose figures these are: this side's or Janus's",
  receives: "What that side receives", sends: "What that side sends", jitter: "How unevenly the packets arrive",
  lost: "The part of the packets to that side that was lost on the way, and how many in all", RTT: "Round trip of the media's own reports",
};
