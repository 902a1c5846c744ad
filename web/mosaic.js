// The items of a post as tiles, in publishing order, with what is known of each.

import { button, el } from "./dom.js";
import { itemState, mosaic } from "./model.js";
import { duration, length } from "./words.js";

const WORDS = {
	created: "Created",
	ready: "Ready",
	failed: "Failed",
	again: "Again soon",
};

// Films begin to load when they come near; pictures do so by themselves.
const nearby = new IntersectionObserver(
	(entries) => {
		for (const { isIntersecting, target } of entries) {
			if (!isIntersecting) continue;
			nearby.unobserve(target);
			target.src = target.dataset.src;
		}
	},
	{ rootMargin: "400px" },
);

export class Mosaic {
	constructor({ media }, look) {
		const { columns, rows, lead, wide } = mosaic(media.length);
		this.tiles = media.map((item) => new Tile(item, look));
		const sizes = this.tiles.map((_, place) => (lead && place === 0 ? "lead" : place < wide ? "wide" : ""));
		const items = this.tiles.map((tile, place) => {
			tile.element.className = sizes[place];
			return tile.element;
		});
		this.element = el("ol", { class: media.length > 1 ? "mosaic" : "mosaic single" }, ...items);
		this.element.style.setProperty("--columns", columns);
		this.element.style.setProperty("--rows", rows);
	}

	update(group) {
		for (const tile of this.tiles) tile.update(group);
	}
}

class Tile {
	constructor(item, look) {
		this.item = item;
		this.seconds = "";
		this.mark = el("span", { class: "mark" });
		this.chip = el("span", { class: "chip" });
		this.picture = this.#picture();
		const place = el("span", { class: "place" }, String(item.index + 1));
		const top = el("span", { class: "top" }, place, item.kind === "video" && this.mark);
		this.button = button("tile", () => look(item.index), this.picture, top, this.chip);
		this.element = el("li", {}, this.button);
	}

	#picture() {
		const { url, kind } = this.item;
		const gone = (why) => el("span", { class: "gone" }, why);
		if (!url) return gone("No file");
		const onerror = () => this.#replace(gone("Not shown"));
		if (kind === "image") return el("img", { src: url, alt: "", loading: "lazy", decoding: "async", onerror });
		const source = `${url}#t=0.1`;
		const film = el("video", { "data-src": source, preload: "metadata", playsinline: true, tabindex: "-1", onerror });
		film.muted = true;
		film.onloadedmetadata = () => {
			this.seconds = length(film.duration);
			this.#label();
		};
		nearby.observe(film);
		return film;
	}

	#replace(made) {
		this.picture.replaceWith(made);
		this.picture = made;
	}

	update(group) {
		const { index, url } = this.item;
		if (this.picture.className === "gone" && group.media[index].url !== url) {
			this.item = group.media[index]; // its URL had expired
			this.#replace(this.#picture());
		}
		const found = ["publishing", "failed"].includes(group.publishStatus) && itemState(group, index);
		const wrong = group.problems.some((problem) => problem.index === index);
		this.element.dataset.state = wrong ? "failed" : found ? found.state : "";
		this.chip.textContent = wrong ? "Needs a fix" : found ? words(found) : "";
		this.chip.hidden = !this.chip.textContent;
		this.#label();
	}

	#label() {
		const { index, kind, altText } = this.item;
		this.mark.textContent = `▶ ${this.seconds}`.trim();
		const what = kind === "video" ? `video ${this.seconds}`.trim() : "photo";
		const parts = [`Item ${index + 1}`, what, altText, this.chip.textContent];
		this.button.setAttribute("aria-label", parts.filter(Boolean).join(", "));
	}
}

function words({ state, elapsedSeconds, expectedSeconds }) {
	if (state !== "processing") return WORDS[state] ?? "";
	const past = `Processing ${duration(elapsedSeconds)}`;
	if (!expectedSeconds) return past;
	const usual = duration(expectedSeconds);
	return elapsedSeconds > expectedSeconds ? `${past}, usually ${usual}` : `${past} of ~${usual}`;
}
