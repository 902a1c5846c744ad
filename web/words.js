// Numbers and instants in words.

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const long = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

let ahead = 0;

// The API's clock counts, not the browser's: a sandbox may let time pass faster.
export function setNow(instant) {
	if (instant) ahead = Date.parse(instant) - Date.now();
}

// Milliseconds since 1970 on the API's clock.
export function now() {
	return Date.now() + ahead;
}

// `<time>` with the instant in local time; the day is left out when it is today.
export function time(instant) {
	const at = new Date(instant);
	const made = document.createElement("time");
	made.dateTime = instant;
	made.title = long.format(at);
	made.textContent = shortTime(instant);
	return made;
}

// A sentence of the API, with its instants as `<time>`.
export function withTimes(sentence) {
	const parts = sentence.split(/(\d{4}-\d\d-\d\dT[\d:.]+Z)/);
	return parts.map((part, place) => (place % 2 ? time(part) : part));
}

export function shortTime(instant) {
	const at = new Date(instant);
	return at.toDateString() === new Date(now()).toDateString() ? clock.format(at) : day.format(at);
}

export function secondsSince(instant) {
	return Math.max(0, (now() - Date.parse(instant)) / 1000);
}

// 8 s, 2 min, 3 h 5 min, 4 days, with spaces that do not break.
export function duration(seconds) {
	const whole = Math.max(0, Math.round(seconds));
	if (whole < 90) return `${whole}\u00a0s`;
	const minutes = Math.round(whole / 60);
	if (minutes < 90) return `${minutes}\u00a0min`;
	const hours = Math.floor(minutes / 60);
	if (hours >= 48) return `${Math.round(hours / 24)}\u00a0days`;
	return minutes % 60 ? `${hours}\u00a0h ${minutes % 60}\u00a0min` : `${hours}\u00a0h`;
}

// 0:04, 12:30.
export function length(seconds) {
	const whole = Math.round(seconds);
	return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export const number = (count) => count.toLocaleString("en-GB");

// 1 item, 2 items.
export const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
