// In front of every panel's module: times as texts.

/** 75 becomes "1:15". */
function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

const after = (seconds) => (seconds >= 60 ? duration(seconds) : `${seconds.toFixed(seconds < 10 ? 3 : 1)} s`);

const CLOCK = new Intl.DateTimeFormat([], { hour: "numeric", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const timeOfDay = (epoch) => (epoch === null ? "" : CLOCK.format(epoch * 1000));
const sinceStart = (seconds) => `+${seconds.toFixed(3)} s`;
