// The HTTP API. Every answer is data; what did not come at all is an Unreachable.

// No answer, or one that is no answer of the API: nobody knows whether anything was done.
export class Unreachable extends Error {}

// The API wants a sign-in that the page does not have any more.
export class SignedOut extends Error {}

const PATIENCE_MS = 30_000;

export class Api {
	constructor(root, signIn) {
		this.root = root;
		this.signIn = signIn;
	}

	async read(path, query = {}) {
		const asked = Object.entries(query).filter(([, value]) => value);
		const search = new URLSearchParams(asked);
		const { status, body } = await this.#call("GET", asked.length ? `${path}?${search}` : path);
		if (status !== 200) throw new Unreachable(sentenceOf(body) ?? `The API answered ${status}.`);
		return body;
	}

	async send(path, body = {}) {
		return this.#call("POST", path, body);
	}

	async #call(method, path, body) {
		let token = this.signIn.token;
		let answer = await this.#fetch(method, path, token, body);
		if (answer.status === 401 && (await this.#renew(token))) {
			token = this.signIn.token;
			answer = await this.#fetch(method, path, token, body);
		}
		if (answer.status === 401) throw new SignedOut();
		const parsed = await answer.json().catch(() => null);
		if (parsed === null || (answer.status >= 500 && !parsed.error)) {
			throw new Unreachable(`The API answered ${answer.status}.`);
		}
		const retryAfter = Number(answer.headers.get("Retry-After")) || null;
		return { status: answer.status, body: parsed, retryAfter };
	}

	async #renew(token) {
		try {
			return await this.signIn.renew(token);
		} catch (error) {
			throw new Unreachable("The sign-in page does not answer.", { cause: error });
		}
	}

	async #fetch(method, path, token, body) {
		const headers = token ? { Authorization: `Bearer ${token}` } : {};
		if (body) headers["Content-Type"] = "application/json";
		try {
			return await fetch(`${this.root}${path}`, {
				method,
				headers,
				body: JSON.stringify(body),
				cache: "no-store",
				signal: AbortSignal.timeout(PATIENCE_MS),
			});
		} catch (error) {
			throw new Unreachable("The API does not answer.", { cause: error });
		}
	}
}

export function sentenceOf(body) {
	return typeof body?.error?.message === "string" ? body.error.message : null;
}
