// The head of the page: how the accounts stand, who is signed in, and what is shown.

import { button, el, note, show } from "./dom.js";
import { FILTERS, nameOf } from "./model.js";
import { duration, time } from "./words.js";

const FEW_DAYS = 10;

export function showAccounts(parent, accounts) {
	show(parent, accounts, () => accounts.map(account));
}

function account({ posts, token, warnings, ...whose }) {
	const { used, total, left, freesAt } = posts;
	const bar = { max: total, high: total * 0.8, optimum: 0, value: used, "aria-label": "Posts of 24 hours" };
	return el(
		"section",
		{ class: "account", "aria-label": `Account ${whose.accountId}` },
		el("bdi", { class: "strong" }, nameOf(whose)),
		el("span", {}, el("meter", bar), ` ${used} of ${total} posts in 24 h`),
		left <= 0 && freesAt && el("span", {}, "next slot at ", time(freesAt)),
		tokenWords(token),
		...(warnings ?? []).map((warning) => note(true, warning)),
	);
}

function tokenWords(token) {
	if (typeof token?.daysLeft !== "number") return null;
	const left = duration(token.daysLeft * 86_400);
	const few = token.daysLeft < FEW_DAYS;
	return el("span", { class: few && "few" }, few ? `⚠ token ends in ${left}` : `token lasts ${left}`);
}

// `chosen` has a function for each choice.
export function showFilters(parent, { sessions, session, filter }, chosen) {
	show(parent, [sessions, session, filter], () => [
		choice("Session", sessions.map((one) => [one.sessionId, one.name || one.sessionId]), session, chosen.session),
		choice("Show", Object.entries(FILTERS).map(([id, { name }]) => [id, name]), filter, chosen.filter),
	]);
}

function choice(label, options, current, choose) {
	const made = options.map(([value, text]) => el("option", { value, selected: value === current }, text));
	const select = el("select", { onchange: () => choose(select.value) }, ...made);
	return el("label", {}, el("span", {}, label), select);
}

export function showPerson(parent, signIn) {
	show(parent, [signIn.token !== null, signIn.person], () =>
		signIn.token === null
			? []
			: [el("bdi", { class: "small" }, signIn.person), button("quiet", () => signIn.end(), "Sign out")],
	);
}
