// The publish page: fetches what there is, keeps one card per post group, and follows what runs.

import { Api, SignedOut, Unreachable, sentenceOf } from "./api.js";
import { Card } from "./card.js";
import { confirmPublish, settleUnclear } from "./dialogs.js";
import { announce, button, el } from "./dom.js";
import { showAccounts, showFilters, showPerson } from "./head.js";
import { begun, groupOf } from "./intake.js";
import { FILTERS, stateOf, withJob } from "./model.js";
import { Polling } from "./polling.js";
import { SignIn } from "./sign_in.js";
import { counted, duration, now, setNow, shortTime } from "./words.js";

const FIRST_PAGE = 9; // what a large screen shows at once
const PAGE_SIZE = 24;
const MOST_JOBS = 50; // in one answer
const HOW = { redrive: "The same run goes on.", new: "A new run has started." };

const byId = (id) => document.getElementById(id);

class PublishPage {
	constructor(api, signIn) {
		this.api = api;
		this.signIn = signIn;
		this.cards = new Map();
		this.sessions = [];
		this.accounts = [];
		const wanted = new URLSearchParams(location.hash.slice(1));
		this.session = wanted.get("session");
		this.filter = wanted.get("show") in FILTERS ? wanted.get("show") : "all";
		this.cursor = null; // where the list goes on; null at its end
		this.loading = false;
		this.stale = true; // all must be read again
		this.readAt = 0;
		this.turn = 0;
		this.end = el("p", { class: "rest" });
		this.polling = new Polling({
			ask: () => this.#ask(),
			wanted: () => this.stale || this.#running().length > 0,
			failed: (error, nextMs) => this.#failed(error, nextMs),
			answered: () => this.#answered(),
		});
		this.others = new BroadcastChannel("postwright");
		this.others.onmessage = () => {
			this.stale = true;
			if (!document.hidden) this.polling.now();
		};
		this.more = new IntersectionObserver(
			(entries) => entries.some((one) => one.isIntersecting) && this.#readMore(),
			{ rootMargin: "600px" },
		);
		document.addEventListener("visibilitychange", () => (document.hidden ? this.polling.rest() : this.refresh()));
		addEventListener("hashchange", () => location.reload());
		addEventListener("offline", () => this.#failed(new Unreachable()));
		addEventListener("online", () => this.refresh());
	}

	// Read everything again; what is on the page stays until the answer is there.
	refresh() {
		this.stale = true;
		return this.polling.now();
	}

	// One request for all that runs; everything where that is not known yet.
	async #ask() {
		if (!navigator.onLine) throw new Unreachable();
		if (this.stale) return this.#readAll();
		const running = this.#running().map((card) => card.group.job.jobId);
		if (!running.length) return;
		const jobs = this.#inTurn(running).join(",");
		const answer = await this.api.read("/publish/status", { jobs });
		setNow(answer.now);
		const found = new Map(answer.jobs.map((job) => [job.jobId, job]));
		for (const card of this.#running()) {
			const job = found.get(card.group.job.jobId);
			if (job) card.update(withJob(card.group, job));
		}
		this.#applyFilter();
		if (this.#running().length < running.length) await this.#readAccounts();
	}

	// As many as one answer tells of; of more, each has its turn.
	#inTurn(jobs) {
		const first = jobs.length > MOST_JOBS ? this.turn % jobs.length : 0;
		this.turn = first + MOST_JOBS;
		return [...jobs.slice(first), ...jobs.slice(0, first)].slice(0, MOST_JOBS);
	}

	async #readAll() {
		this.stale = false;
		try {
			const posts = this.#readSessions().then(() => this.#readGroups());
			await Promise.all([posts, this.#readAccounts()]);
		} catch (error) {
			this.stale = true;
			throw error;
		}
	}

	// The newest ones, and more until the one that is wanted is among them.
	async #readSessions() {
		const seen = [];
		const isKnown = () => seen.some((one) => one.sessionId === this.session);
		let cursor = null;
		do {
			const answer = await this.api.read("/sessions", { cursor });
			seen.push(...answer.sessions);
			cursor = answer.cursor;
		} while (cursor && this.session !== null && !isKnown());
		if (!isKnown()) this.session = seen[0]?.sessionId ?? null;
		this.sessions = seen;
		this.#showHead();
	}

	async #readAccounts() {
		this.accounts = (await this.api.read("/account")).accounts;
		this.#showHead();
		for (const card of this.cards.values()) card.render();
	}

	// As many as are on the page, from the first one on.
	async #readGroups() {
		const wanted = this.cards.size;
		const seen = [];
		this.cursor = null;
		do {
			const groups = await this.#readPage();
			if (!groups) return;
			seen.push(...groups);
			this.#place(groups);
		} while (this.cursor !== null && seen.length < wanted);
		const ids = new Set(seen.map((group) => group.groupId));
		for (const id of this.cards.keys()) if (!ids.has(id)) this.#remove(id);
		this.#applyFilter();
	}

	// The next groups; null when another session was chosen meanwhile.
	async #readPage() {
		const { session, cursor } = this;
		if (session === null) return [];
		const path = `/sessions/${encodeURIComponent(session)}/groups`;
		const answer = await this.api.read(path, { cursor, limit: cursor ? PAGE_SIZE : FIRST_PAGE });
		if (session !== this.session) return null;
		setNow(answer.now);
		this.cursor = answer.cursor;
		return answer.groups.map(groupOf);
	}

	async #readMore() {
		if (this.loading || this.cursor === null || this.stale) return;
		this.loading = true;
		try {
			this.#place((await this.#readPage()) ?? []);
			this.polling.goOn();
		} catch (error) {
			this.stale = true;
			this.#failed(error);
		} finally {
			this.loading = false;
			this.more.unobserve(this.end);
			this.more.observe(this.end);
		}
	}

	#place(groups) {
		const main = byId("posts");
		main.querySelector(".empty")?.remove();
		if (!this.end.parentNode) main.append(this.end);
		this.more.observe(this.end);
		for (const group of groups) {
			const card = this.cards.get(group.groupId);
			if (card) card.update(group);
			else this.#add(group);
		}
		this.#applyFilter();
	}

	#add(group) {
		const card = new Card(group, (one) => this.#accountOf(one), {
			publish: () => this.#publish(card),
			retry: () => this.#change(card, "retry"),
			cancel: () => this.#change(card, "cancel"),
			settle: () => this.#settle(card),
		});
		this.cards.set(group.groupId, card);
		this.end.before(card.element);
	}

	#accountOf({ accountId }) {
		return this.accounts.find((one) => one.accountId === accountId);
	}

	#remove(id) {
		this.cards.get(id).element.remove();
		this.cards.delete(id);
	}

	#running() {
		return [...this.cards.values()].filter((card) => card.isOpen);
	}

	// Returns how many cards are shown.
	#applyFilter() {
		let shown = 0;
		const { states } = FILTERS[this.filter];
		for (const { element, group } of this.cards.values()) {
			element.hidden = !states.includes(stateOf(group));
			if (!element.hidden) shown += 1;
		}
		this.end.hidden = this.cursor === null && shown > 0;
		if (this.cursor !== null) this.end.textContent = "More posts are being read …";
		else if (this.session === null) this.end.textContent = "There is no session yet. A pipeline writes them.";
		else this.end.textContent = this.cards.size ? "No such posts in this session." : "This session has no posts yet.";
		return shown;
	}

	#showHead() {
		showAccounts(byId("accounts"), this.accounts);
		showPerson(byId("person"), this.signIn);
		showFilters(byId("filters"), this, {
			session: (id) => {
				this.session = id;
				for (const one of this.cards.keys()) this.#remove(one);
				this.#remember();
				this.refresh();
			},
			filter: (name) => {
				this.filter = name;
				this.#remember();
				announce(`${counted(this.#applyFilter(), "post")} shown.`);
			},
		});
	}

	#remember() {
		const kept = new URLSearchParams({ session: this.session, show: this.filter });
		history.replaceState(null, "", `#${kept}`);
	}

	async #publish(card) {
		const { groupId, accountId } = card.group;
		const onQuota = await confirmPublish(card.group, this.#accountOf(card.group));
		const wish = { sessionId: this.session, groupId, accountId, onQuota };
		if (onQuota !== null) await this.#during(card, () => this.api.send("/publish/start", wish));
	}

	#change(card, what) {
		return this.#during(card, () => this.api.send(`/publish/${card.group.job.jobId}/${what}`));
	}

	// Ask the API for something about one group; the card is locked meanwhile, other tabs are told.
	async #during(card, ask) {
		if (card.busy) return;
		card.wait(true);
		try {
			this.#told(card, await ask());
		} catch (error) {
			this.stale = true;
			if (error instanceof SignedOut) this.#failed(error);
			else card.tell("The API did not answer, so it is not known whether this was done. Pressing again is safe: nothing is posted twice.", true);
		} finally {
			card.wait(false);
		}
		this.others.postMessage("changed");
		await this.polling.now();
	}

	// What follows from the answer to a start, a retry or a cancel.
	#told(card, { status, body, retryAfter }) {
		const isGood = status === 200 || status === 202;
		this.stale ||= !isGood || Boolean(body.status);
		if (isGood) {
			card.tell(body.why ? `${HOW[body.how]} ${body.why}` : null);
			if (!body.status) card.update(withJob(card.group, begun(body.jobId)));
		} else if (status === 429) {
			const at = new Date(now() + 1000 * (retryAfter ?? 3600)).toISOString();
			card.tell(`Try again later, at ${body.freesAt ?? at}. ${sentenceOf(body) ?? ""}`, true);
		} else {
			card.tell(sentenceOf(body), true);
		}
	}

	async #settle(card) {
		const path = `/publish/${card.group.job.jobId}/reconcile`;
		await settleUnclear(card.group, async (wish) => {
			try {
				const { status, body } = await this.api.send(path, wish);
				const done = status === 200 && body.status !== "unconfirmed";
				return { done, sentence: sentenceOf(body), evidence: body.evidence };
			} catch (error) {
				if (error instanceof SignedOut) this.#failed(error);
				return { sentence: `${error.message} Look again in a moment.` };
			}
		});
		this.others.postMessage("changed");
		await this.refresh();
	}

	#answered() {
		this.readAt = now();
		showBanner(null);
	}

	#failed(error, nextMs = this.polling.pause()) {
		const empty = document.querySelector(".empty");
		if (empty) empty.textContent = "The posts appear here as soon as they can be read.";
		const kept = this.readAt ? ` What you see is from ${shortTime(this.readAt)}.` : "";
		if (error instanceof SignedOut) {
			this.polling.stop();
			showBanner("You are signed out. Runs go on without this page.", "Sign in again", () => this.signIn.begin());
		} else if (!navigator.onLine) {
			showBanner(`You are offline.${kept} Runs go on without this page.`);
		} else {
			if (!(error instanceof Unreachable)) console.error(error);
			const again = `Trying again in ${duration(nextMs / 1000)}.`;
			showBanner(`${error.message}${kept} ${again}`, "Try now", () => this.refresh());
		}
	}
}

// Null takes it away.
function showBanner(sentence, label, act) {
	const banner = byId("banner");
	banner.hidden = sentence === null;
	banner.replaceChildren(el("span", {}, sentence ?? ""));
	if (label) banner.append(button("quiet", act, label));
}

async function readConfig() {
	for (let failures = 0; ; failures += 1) {
		try {
			const answer = await fetch("config.json", { cache: "no-store" });
			if (answer.ok) return await answer.json();
		} catch {
			// asked again below
		}
		showBanner("The server does not answer. Trying again.");
		await new Promise((resolve) => setTimeout(resolve, Math.min(60_000, 2_000 * 2 ** failures)));
	}
}

async function start() {
	const config = await readConfig();
	showBanner(null);
	const signIn = new SignIn(config);
	if (signIn.needed) {
		const trouble = await signIn.comeBack().catch(() => "The sign-in page does not answer.");
		if (signIn.token === null) {
			if (!trouble && signIn.wasSignedIn) return signIn.begin();
			const sentence = trouble ?? "Sign in to see the posts and publish them.";
			const begin = button("primary", () => signIn.begin(), "Sign in");
			return byId("posts").replaceChildren(el("div", { class: "welcome" }, el("p", {}, sentence), begin));
		}
	}
	byId("posts").replaceChildren(el("p", { class: "empty" }, "Reading the posts …"));
	return new PublishPage(new Api(config.api, signIn), signIn).refresh();
}

await start();
