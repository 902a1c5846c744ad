// Elements from plain data. Whatever comes from outside enters as text, never as markup.

import { withTimes } from "./words.js";

// An element. Attributes and children that are false or nothing are left out; attributes whose
// names begin with "on" are listeners.
export function el(tag, attributes = {}, ...children) {
	const made = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if ((value ?? false) === false) continue;
		if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
		else made.setAttribute(name, value === true ? "" : String(value));
	}
	made.append(...children.filter(Boolean));
	return made;
}

// Replace the children of an element, unless `data` is what they were made from before.
export function show(parent, data, make) {
	const key = JSON.stringify(data) ?? "";
	if (shown.get(parent) === key) return;
	shown.set(parent, key);
	parent.replaceChildren(...make().filter(Boolean));
}

const shown = new WeakMap();

// A link to a page outside; anything but http and https stays text.
export function link(address, text, className) {
	if (!/^https?:\/\//.test(address ?? "")) return el("span", {}, text);
	const attributes = { class: className, href: address, target: "_blank", rel: "noopener noreferrer" };
	return el("a", attributes, text, el("span", { class: "unseen" }, " (opens a new tab)"));
}

export const small = (...children) => el("p", { class: "small" }, ...children);

// Instants in it are told in local time.
export const note = (bad, text) =>
	el("p", { class: bad ? "note bad" : "note", dir: "auto" }, ...withTimes(text));

export const button = (look, press, ...children) =>
	el("button", { type: "button", class: look, onclick: press }, ...children);

// Say something to those who listen to the page.
export function announce(sentence) {
	const announcer = document.getElementById("announcer");
	announcer.append(el("p", {}, ...withTimes(sentence)));
	while (announcer.children.length > 5) announcer.firstChild.remove();
}
