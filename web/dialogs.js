// What is asked or shown above the page. Each resolves when its dialog is closed, by Escape too.

import { button, el, link, note, small } from "./dom.js";
import { kindOf, nameOf, titleOf } from "./model.js";
import { counted, time } from "./words.js";

const CONTAINERS = { FINISHED: "ready, not marked as posted", PUBLISHED: "posted" };

let dialogs = 0;

// `fill` gets a function that closes with an answer, and one that shows something else instead.
function ask(heading, fill, look = "") {
	return new Promise((resolve) => {
		const id = `dialog-${++dialogs}`;
		let answer = null;
		const body = el("div", { class: "dialog-body", "aria-live": "polite" });
		const title = el("h2", { id, dir: "auto" }, heading);
		const dialog = el("dialog", { class: look, "aria-labelledby": id, tabindex: "-1" }, title, body);
		const close = (given = null) => {
			answer = given;
			dialog.close();
		};
		const later = (children) => {
			const pressed = document.activeElement?.textContent;
			body.replaceChildren(...children.filter(Boolean));
			if (!dialog.open) return;
			const buttons = [...body.querySelectorAll("button")];
			(buttons.find((one) => one.textContent === pressed) ?? dialog).focus();
		};
		dialog.addEventListener("close", () => {
			dialog.remove();
			resolve(answer);
		});
		dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
		document.body.append(dialog);
		later(fill(close, later));
		dialog.showModal();
	});
}

const actions = (...children) => el("div", { class: "actions" }, ...children);

const table = (rows) =>
	el("dl", {}, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));

// What to do without a slot, "fail" or "wait", or null for not to publish.
export function confirmPublish(group, account) {
	const posts = account?.posts;
	const isFull = posts?.left <= 0;
	const frees = isFull && posts.freesAt;
	return ask(`Publish “${titleOf(group)}”?`, (close) => [
		table([
			["Account", el("bdi", {}, nameOf(account ?? group))],
			["Post", `${kindOf(group)}, ${counted(group.media.length, "item")}`],
			["Quota", posts ? `${posts.used} of ${posts.total} posts used in 24 hours` : "not known"],
		]),
		isFull
			? note(true, `Instagram takes no more posts now.${frees ? ` A slot frees at ${frees}.` : ""}`)
			: small("It goes live at once. A post cannot be taken back from here."),
		actions(
			button("primary", () => close(isFull ? "wait" : "fail"), isFull ? "Publish when a slot frees" : "Publish now"),
			button("quiet", () => close(), "Not yet"),
		),
	]);
}

// `settle` asks the API: with {} it looks, else it decides.
export function settleUnclear(group, settle) {
	return ask(
		`Is “${titleOf(group)}” live?`,
		(close, later) => {
			let shown = null;
			const choose = async (wish) => {
				later([el("p", { class: "phase" }, "Looking at Instagram …")]);
				const { done, sentence, evidence } = await settle(wish);
				shown = evidence ?? shown;
				if (done) close();
				else later(unclear(shown, sentence, choose, close));
			};
			choose({});
			return [];
		},
		"wide",
	);
}

function unclear(evidence, sentence, choose, close) {
	const { candidates = [], sentAt, answer, containerStatus, postsRead } = evidence ?? {};
	const found = candidates.length ? "It may be one of these" : "No post of the account looks like it";
	const next = "Look at the account in Instagram too. Once you say that nothing was published, Retry can post it.";
	return [
		sentence && note(true, sentence),
		evidence &&
			table([
				["Publish call sent", sentAt ? time(sentAt) : "not known"],
				["Its answer", answer && !answer.startsWith("None") ? answer : "none"],
				["Instagram has it as", CONTAINERS[containerStatus] ?? containerStatus ?? "not readable now"],
				["Posts looked through", postsRead ? "yes" : "no, they cannot be read now"],
			]),
		evidence && el("h3", {}, found),
		el("ul", { class: "candidates" }, ...candidates.map((one) => candidate(one, choose))),
		evidence && small(next),
		actions(
			button("quiet danger", () => choose({ notPublished: true }), "Nothing was published"),
			button("quiet", () => choose({}), "Look again"),
			button("quiet", () => close(), "Decide later"),
		),
	];
}

function candidate({ caption, timestamp, items, fits, taken, permalink, instagramPostId }, choose) {
	const signs = [
		`${caption === "missing" ? "no" : caption} caption`,
		items && counted(items, "item"),
		fits ? "fits" : "does not quite fit",
		taken && "taken by another group",
	];
	return el(
		"li",
		{},
		el("p", {}, "Posted ", timestamp ? time(timestamp) : "at an unknown time"),
		small(signs.filter(Boolean).join(" · ")),
		actions(
			!taken && button("primary", () => choose({ accept: instagramPostId }), "This is the post"),
			link(permalink, "Look at it", "quiet"),
		),
	);
}

// One item at full size, with its alt text and what is wrong with it.
export function lookAt(group, start) {
	const { media, problems } = group;
	return ask(
		titleOf(group),
		(close, later) => {
			const open = (index) => {
				const { altText, fileName } = media[index];
				const wrong = problems.filter((one) => one.index === index);
				const step = (to, label) => media[to] && button("quiet", () => later(open(to)), label);
				return [
					picture(media[index]),
					small(`${index + 1} of ${media.length} · `, el("bdi", { class: "file" }, fileName)),
					altText && el("p", { dir: "auto" }, altText),
					...wrong.map((one) => note(true, `${one.told} ${one.fix}`)),
					actions(step(index - 1, "Previous"), step(index + 1, "Next"), button("quiet", () => close(), "Close")),
				];
			};
			return open(start);
		},
		"wide",
	);
}

function picture({ url, kind, altText, fileName }) {
	if (!url) return note(true, "There is no such file.");
	return kind === "video"
		? el("video", { class: "full", src: url, controls: true, playsinline: true, "aria-label": fileName })
		: el("img", { class: "full", src: url, alt: altText ?? "" });
}
