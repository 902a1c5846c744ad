// Signing in at Cognito's hosted pages: authorization code with PKCE (RFC 7636). The tokens stay in
// memory. Only what must outlive the way there and back lies in sessionStorage: state and verifier.

const KEPT = "postwright-sign-in";
const KNOWN = "postwright-signed-in";

export class SignIn {
	constructor(config) {
		this.needed = Boolean(config.clientId && config.signInDomain);
		this.domain = config.signInDomain ?? "";
		this.clientId = config.clientId ?? "";
		this.home = new URL("/", location.href).href;
		this.token = null;
		this.renewal = null;
		this.renewing = null;
		this.person = null;
	}

	// True in a tab that was signed in: Cognito may do so again without asking.
	get wasSignedIn() {
		return sessionStorage.getItem(KNOWN) !== null;
	}

	// Take up what the sign-in page has sent along, if anything.
	async comeBack() {
		const answer = new URLSearchParams(location.search);
		if (!answer.has("code") && !answer.has("error")) return null;
		const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
		sessionStorage.removeItem(KEPT);
		history.replaceState(null, "", `/${kept?.hash ?? ""}`);
		if (answer.has("error")) {
			return `Signing in failed: ${answer.get("error_description") || answer.get("error")}.`;
		}
		if (!kept || answer.get("state") !== kept.state) {
			return "This sign-in was not begun in this tab, so it was not used.";
		}
		const given = { grant_type: "authorization_code", code: answer.get("code") ?? "" };
		const done = await this.#ask({ ...given, redirect_uri: this.home, code_verifier: kept.verifier });
		return done ? null : "The sign-in page's answer was refused. It may have been too old.";
	}

	// Leave for the sign-in page.
	async begin() {
		const kept = { state: random(), verifier: random(), hash: location.hash };
		sessionStorage.setItem(KEPT, JSON.stringify(kept));
		const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(kept.verifier));
		const asked = new URLSearchParams({
			response_type: "code",
			client_id: this.clientId,
			redirect_uri: this.home,
			scope: "openid email",
			state: kept.state,
			code_challenge: base64url(new Uint8Array(digest)),
			code_challenge_method: "S256",
		});
		location.assign(`${this.domain}/oauth2/authorize?${asked}`);
	}

	// Sign out here and at the sign-in page.
	end() {
		this.forget();
		sessionStorage.removeItem(KNOWN);
		const asked = new URLSearchParams({ client_id: this.clientId, logout_uri: this.home });
		location.assign(`${this.domain}/logout?${asked}`);
	}

	forget() {
		this.token = null;
		this.renewal = null;
	}

	// A new token for one that is refused; several who ask at once get the same.
	renew(refused) {
		if (this.token !== refused) return Promise.resolve(this.token !== null);
		if (this.renewal === null) return Promise.resolve(false);
		const given = { grant_type: "refresh_token", refresh_token: this.renewal };
		this.renewing ??= this.#ask(given).finally(() => (this.renewing = null));
		return this.renewing;
	}

	async #ask(given) {
		const body = new URLSearchParams({ client_id: this.clientId, ...given });
		const answer = await fetch(`${this.domain}/oauth2/token`, { method: "POST", body });
		if (!answer.ok) {
			this.forget();
			return false;
		}
		const tokens = await answer.json();
		// The id token: its audience is this page, and it names the person by e-mail.
		this.token = tokens.id_token;
		this.renewal = tokens.refresh_token ?? this.renewal;
		this.person = claims(tokens.id_token).email ?? null;
		sessionStorage.setItem(KNOWN, "yes");
		return true;
	}
}

function claims(token) {
	const [, middle = ""] = token.split(".");
	const bytes = Uint8Array.from(atob(middle.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
	return JSON.parse(new TextDecoder().decode(bytes));
}

const random = () => crypto.randomUUID() + crypto.randomUUID();

function base64url(bytes) {
	return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}
