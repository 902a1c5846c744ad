// One post group: what will be posted, how it stands, and the one thing to do next.

import { lookAt } from "./dialogs.js";
import { announce, button, el, link, note, show, small } from "./dom.js";
import { STATES, isRunning, kindOf, nameOf, phaseOf, stateOf, titleOf } from "./model.js";
import { Mosaic } from "./mosaic.js";
import { counted, duration, number, secondsSince, time, withTimes } from "./words.js";

const FEW = 2;
const LONG_CAPTION = 400;
const PRIMARY = {
	ready: "publish",
	blocked: "publish",
	cancelled: "publish",
	scheduled: "cancel",
	waiting: "cancel",
	publishing: "cancel",
	failed: "retry",
	unconfirmed: "settle",
};
const LABELS = { publish: "Publish", cancel: "Cancel", retry: "Retry", settle: "Settle" };
const NOTHING_TO_FIX = ["publishing", "published", "unconfirmed", "split"];

let cards = 0;

export class Card {
	// `doings` has a function for each thing that can be done.
	constructor(group, accountOf, doings) {
		this.group = group;
		this.accountOf = accountOf;
		this.doings = doings;
		this.told = null;
		this.busy = false;
		const id = `card-${++cards}`;
		this.title = el("h2", { id, dir: "auto" });
		this.badge = el("span", { class: "badge" });
		this.facts = el("p", { class: "facts" });
		this.checks = el("div", { class: "problems" });
		this.status = el("div", { class: "status" });
		this.words = el("div", { class: "words" });
		this.primary = button("primary", () => this.#act());
		this.view = el("span", { class: "view" });
		this.reason = el("p", { class: "reason", id: `${id}-reason` });
		this.media = el("div", { class: "media" });
		this.primary.setAttribute("aria-describedby", this.reason.id);
		this.actions = el("div", { class: "actions" }, this.primary, this.view);
		const head = el("header", {}, this.title, this.badge);
		const inside = [head, this.facts, this.status, this.checks, this.actions, this.reason, this.words];
		const attributes = { class: "card", "aria-labelledby": id, tabindex: "-1" };
		this.element = el("article", attributes, this.media, el("div", { class: "inside" }, ...inside));
		this.render();
	}

	// What a run cost is known a moment after its end.
	get isOpen() {
		return isRunning(this.group) || (this.group.job?.cost === null && Date.now() < this.costBy);
	}

	update(group) {
		const before = stateOf(this.group);
		this.group = group;
		const state = stateOf(group);
		if (state !== before) {
			this.costBy = Date.now() + 6_000;
			if (state !== "publishing" || this.told?.bad) this.told = null;
			const why = state === "failed" ? group.job?.error?.message : "";
			announce(`${titleOf(group)}: ${STATES[state]}. ${why ?? ""}`);
		}
		this.render();
	}

	// Say something on the card until its state changes; null takes it away.
	tell(text, bad = false) {
		this.told = text && { text, bad };
		if (text) announce(`${titleOf(this.group)}: ${text}`);
		this.render();
	}

	// While a request is under way nothing can be pressed.
	wait(busy) {
		this.busy = busy;
		this.render();
	}

	render() {
		const { group } = this;
		const { media } = group;
		const active = document.activeElement;
		const state = stateOf(group);
		this.element.dataset.state = state;
		this.title.textContent = titleOf(group);
		this.badge.textContent = STATES[state];
		const facts = [kindOf(group), counted(media.length, "item"), nameOf(this.accountOf(group) ?? group)];
		this.facts.textContent = facts.join(" · ");
		const items = media.map((item) => [item.fileName, item.kind, item.altText]);
		show(this.media, items, () => {
			this.mosaic = new Mosaic(group, (index) => lookAt(this.group, index));
			return [this.mosaic.element];
		});
		this.mosaic.update(group);
		this.#renderStatus(state);
		const wrong = NOTHING_TO_FIX.includes(state) ? [] : [group.problems, group.warnings];
		show(this.checks, wrong, () => checks(...wrong));
		this.#renderActions(state);
		const said = [group.caption, group.counts, group.locationTag, items];
		show(this.words, said, () => words(group));
		for (const part of [this.status, this.checks, this.view]) part.hidden = !part.firstChild;
		this.actions.hidden = this.primary.hidden && this.view.hidden;
		this.#keepFocus(active);
	}

	#renderStatus(state) {
		const { group, told } = this;
		const { job } = group;
		const past = state === "publishing" && job?.startedAt && duration(secondsSince(job.startedAt));
		show(this.status, [state, job, told, past], () => {
			const said = told && note(told.bad, told.text);
			return [...(STATUS[state]?.(group, past) ?? []), said];
		});
	}

	#renderActions(state) {
		const { group } = this;
		const blocked = state === "blocked";
		this.action = PRIMARY[state];
		this.primary.hidden = !this.action;
		this.primary.className = this.action === "cancel" ? "quiet" : "primary";
		this.primary.textContent = this.busy ? "One moment …" : (LABELS[this.action] ?? "");
		// Not `disabled`: the keyboard stays where it is, and the reason is read with the button.
		this.primary.setAttribute("aria-disabled", this.busy || blocked);
		this.reason.textContent = blocked ? `Fix ${counted(group.problems.length, "problem")} first.` : "";
		this.reason.hidden = !blocked;
		const live = state === "published" && group.permalink;
		show(this.view, live, () => [live && link(live, "View on Instagram", "primary")]);
	}

	// Whoever was at the button when it went is led to what came instead.
	#keepFocus(active) {
		if (!active?.hidden || !this.element.contains(active)) return;
		(this.view.firstChild ?? this.element).focus();
	}

	#act() {
		if (!this.busy && stateOf(this.group) !== "blocked") this.doings[this.action]();
	}
}

const phase = (...children) => el("p", { class: "phase", dir: "auto" }, ...children);

// What is said of a state; `past` is how long a run has taken so far.
const STATUS = {
	publishing: (group, past) => {
		const { completed, total } = group.job.progress;
		const bar = el("progress", { "aria-label": `Progress of ${titleOf(group)}`, max: total || 1 });
		if (total) bar.value = completed;
		const steps = total ? `${completed} of ${total} steps` : "Starting";
		return [phase(`${phaseOf(group)}\u00a0…`), bar, small(past ? `${steps}, ${past}` : steps), reasons(group.job)];
	},
	scheduled: ({ job }) => [
		phase("Will be published ", job.publishAt ? time(job.publishAt) : "at its time"),
	],
	waiting: (group) => [
		phase(phaseOf(group)),
		small("It is published as soon as a slot frees. Nothing needs to be done."),
	],
	published: ({ job, permalink }) => {
		const { startedAt, finishedAt } = job ?? {};
		const took = startedAt && finishedAt && (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
		const facts = [took && `took ${duration(took)}`, paid(job)].filter(Boolean).join(" and ");
		return [
			finishedAt && phase("Posted ", time(finishedAt)),
			facts && small(`It ${facts}.`),
			!permalink && small("The post is live; its link is still being looked for."),
		];
	},
	failed: ({ job }) => {
		const { message, type, code, subcode, fbtraceId } = job?.error ?? {};
		const details = [type, code && `code ${code}`, subcode, fbtraceId && `fbtrace_id ${fbtraceId}`, paid(job)];
		const bad = job?.items.find((item) => item.reason);
		// The sentence goes on with what is told of each item below.
		const [all] = (message ?? "It failed, and no reason was recorded.").split(bad && ` ${placeOf(bad)}: `);
		return [
			note(true, all),
			bad && reasons(job),
			fold("Details", small(details.filter(Boolean).join(" · "))),
		];
	},
	cancelled: ({ job }) => [
		small("It was stopped before anything was posted."),
		job.error && fold("Details", small(job.error.message)),
	],
	unconfirmed: () => [
		phase("It is not certain whether this post is live."),
		small("Instagram's answer was unclear. Nothing more is sent until this is settled."),
	],
	split: () => [small("It is published as several posts, each with a card of its own.")],
};

const paid = (job) => job?.cost && `cost $${job.cost.usd.toFixed(4)}`;
const placeOf = ({ index, fileName }) => `${index + 1}: ${fileName}`;

// Why items have failed, or must be made again.
function reasons({ items }) {
	const bad = items.filter((item) => item.reason);
	return list(bad.map((item) => line(item.state === "failed", placeOf(item), ...withTimes(item.reason))));
}

// What was found before anything is sent; many warnings are folded away.
function checks(problems = [], warnings = []) {
	const bad = problems.map((one) => problem(one, true));
	const lines = warnings.map((one) => problem(one, false));
	if (lines.length <= FEW) return [list([...bad, ...lines])];
	return [list(bad), fold(counted(lines.length, "warning"), list(lines))];
}

const list = (lines) => lines.length > 0 && el("ul", { class: "problems" }, ...lines);

const fold = (label, ...children) => el("details", {}, el("summary", {}, label), ...children);

const line = (bad, item, ...said) =>
	el("li", { class: bad ? "bad" : "warning" }, el("strong", { dir: "auto" }, item), ...said);

const problem = ({ item, told, fix }, bad) => line(bad, item, told, el("span", { class: "fix" }, fix));

// Caption, counts, location and alt texts, as they will be posted.
function words({ caption, counts, limits, locationTag, media }) {
	const text = el("p", { class: "caption", dir: "auto" }, caption || "(no caption)");
	const isLong = caption.length > LONG_CAPTION || caption.split("\n").length > 12;
	text.classList.toggle("long", isLong);
	const more = button("more", () => {
		more.textContent = text.classList.toggle("long") ? "Show all" : "Show less";
	}, "Show all");
	const shown = Object.keys(counts).filter((name) => counts[name] || name !== "mentions");
	const used = shown.map((name) => {
		const of = `${number(counts[name])} / ${number(limits[name])} ${name}`;
		return el("li", { class: counts[name] > limits[name] && "over" }, of);
	});
	const described = media.filter((item) => item.altText).length;
	const photos = media.filter((item) => item.kind === "image").length;
	const alts = media.map(({ fileName, altText, kind }) => {
		const said = altText ?? (kind === "video" ? "video, takes none" : "none");
		return el("li", {}, el("bdi", { class: "file" }, fileName), el("span", { dir: "auto" }, said));
	});
	return [
		text,
		isLong && more,
		el("ul", { class: "counts" }, ...used),
		locationTag && small("Location, to set by hand: ", el("bdi", { class: "strong" }, locationTag)),
		photos > 0 && fold(`Alt texts: ${described} of ${counted(photos, "photo")}`, el("ol", { class: "alts" }, ...alts)),
	];
}
